{#-
Every landed number is kept as it is written: an amount to the cent, a percentage to two decimals, a count whole. A row here
names a number that staging had to round. Doubles may differ in their last digits, which no one wrote.
`dbt show --select landed_numbers_are_kept` lists them.
-#}
{%- set checks = [] -%}
{%- if execute -%}
    {%- for staging in graph.nodes.values()
            if staging.resource_type == 'model' and staging.package_name == project_name
            and staging.name.startswith('stg_crm__') and staging.name not in var('crm_missing_tables') -%}
        {%- set landed = graph.sources[staging.depends_on.nodes[0]] -%}
        {%- for column in landed.columns.values()
                if 'decimals' in column.config.meta
                and column.name not in var('crm_missing_columns').get(staging.name, []) -%}
            {%- do checks.append((landed, column.name, column.config.meta.digits, column.config.meta.decimals)) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endif -%}

with numbers as (

    {% for landed, column, digits, decimals in checks -%}
    select
        cast('{{ landed.name }}.{{ column }}' as {{ dbt.type_string() }}) as landed_column,
        cast(id as {{ dbt.type_string() }}) as record_id,
        {{ double(column) }} as landed_number,
        {{ double(written_number(column, digits, decimals)) }} as kept_number
    from {{ landed.relation_name }}
    {{ 'union all' if not loop.last }}
    {% else -%}
    select
        cast(null as {{ dbt.type_string() }}) as landed_column,
        cast(null as {{ dbt.type_string() }}) as record_id,
        {{ double('null') }} as landed_number,
        {{ double('null') }} as kept_number
    {% endfor %}

)

select *
from numbers
where abs(landed_number - kept_number) > {{ double('1e-14') }} * greatest(abs(landed_number), 1)
