{#-
How Postgres replaces a table. dbt swaps the old one for a new one and drops the old one with all that hangs on it: other
people's views, grants, policies, triggers, publications. Here a table on which anything hangs stays, and its rows are
replaced in one transaction; readers wait only while the new rows are copied in. If its columns change, grants go to the new
table; where more hangs on it, the model fails with one line and the table stays as it was. Any other table is swapped as ever,
by the steps of dbt's own materialization (dbt-adapters, Apache-2.0), which this one stands in for.
-#}
{% materialization table, adapter='postgres' %}

    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set intermediate_relation = make_intermediate_relation(target_relation) -%}
    {%- set backup_relation_type = 'table' if existing_relation is none else existing_relation.type -%}
    {%- set backup_relation = make_backup_relation(target_relation, backup_relation_type) -%}
    {%- set grant_config = config.get('grants') -%}
    -- what an earlier run left behind
    {{ drop_relation_if_exists(load_cached_relation(intermediate_relation)) }}
    {{ drop_relation_if_exists(load_cached_relation(backup_relation)) }}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('main') -%}
        {{ get_create_table_as_sql(False, intermediate_relation, sql) }}
    {%- endcall %}

    {%- set hanging, grants = [], [] -%}
    {%- if existing_relation is not none -%}
        {%- do hanging.extend(first_column(what_hangs_on(existing_relation))) -%}
        {%- do grants.extend(first_column(grants_on(existing_relation))) -%}
    {%- endif -%}
    {% if (hanging or grants) and existing_relation.is_table and same_columns(existing_relation, intermediate_relation) %}
        {% call statement('replace_rows') -%}
            truncate table {{ target_relation }};
            insert into {{ target_relation }} select * from {{ intermediate_relation }};
            drop table {{ intermediate_relation }};
        {%- endcall %}
    {% elif hanging %}
        {{ exceptions.raise_compiler_error(
            hanging[0] ~ " hangs on " ~ this.schema ~ "." ~ this.identifier ~ ", whose columns change: the table was not "
            ~ "touched; drop what hangs on it, build, and make it again"
        ) }}
    {% else %}
        {% do create_indexes(intermediate_relation) %}
        {% if existing_relation is not none %}
            {{ adapter.rename_relation(existing_relation, backup_relation) }}
        {% endif %}
        {{ adapter.rename_relation(intermediate_relation, target_relation) }}
        {% for grant in grants %}{% do run_query(grant) %}{% endfor %}
    {% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do apply_grants(target_relation, grant_config, should_revoke=should_revoke(existing_relation, full_refresh_mode=True)) %}
    {% do persist_docs(target_relation, model) %}

    {{ adapter.commit() }}

    {{ drop_relation_if_exists(backup_relation) }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}

{%- macro first_column(query) -%}
    {{ return(run_query(query).columns[0].values() | list) }}
{%- endmacro -%}

{%- macro table_named(relation) -%}
    select pg_class.*
    from pg_class
    inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
    where pg_namespace.nspname = '{{ relation.schema }}' and pg_class.relname = '{{ relation.identifier }}'
{%- endmacro -%}

{#- A query for what would be lost with the table, in words: "view reports.vip". Neither its own parts nor grants on it. -#}
{% macro what_hangs_on(relation) -%}
    with tables as ({{ table_named(relation) }})

    select
        case
            -- a view hangs on it through its rule
            when pg_depend.classid = cast('pg_rewrite' as regclass) then (
                select pg_describe_object(cast('pg_class' as regclass), pg_rewrite.ev_class, 0)
                from pg_rewrite
                where pg_rewrite.oid = pg_depend.objid
            )
            else pg_describe_object(pg_depend.classid, pg_depend.objid, pg_depend.objsubid)
        end as hanging
    from tables
    inner join pg_depend
        on (pg_depend.refclassid = cast('pg_class' as regclass) and pg_depend.refobjid = tables.oid)
        or (pg_depend.refclassid = cast('pg_type' as regclass) and pg_depend.refobjid = tables.reltype)
    where
        pg_depend.deptype in ('n', 'a')
        -- defaults, checks and keys of its own
        and pg_depend.classid <> cast('pg_attrdef' as regclass)
        and not (
            pg_depend.classid = cast('pg_constraint' as regclass)
            and pg_depend.objid in (select oid from pg_constraint where conrelid = tables.oid)
        )

    union all

    select 'a grant on its column ' || pg_attribute.attname as hanging
    from tables
    inner join pg_attribute on tables.oid = pg_attribute.attrelid
    where pg_attribute.attacl is not null

    union all

    select 'row security' as hanging
    from tables
    where relrowsecurity
{%- endmacro %}

{#- A query for the statements that grant again what is granted to others on the table. -#}
{% macro grants_on(relation) -%}
    with tables as ({{ table_named(relation) }})

    select
        'grant ' || grants.privilege_type || ' on {{ relation }} to '
        || case when grants.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grants.grantee)) end
        || case when grants.is_grantable then ' with grant option' else '' end as statement
    from tables
    cross join lateral aclexplode(tables.relacl) as grants
    where grants.grantee <> tables.relowner
{%- endmacro %}

{#- Whether two tables have the same columns: names and types, in order. -#}
{% macro same_columns(one, other) -%}
    {%- set columns = [] -%}
    {%- for relation in (one, other) -%}
        {%- set names_and_types = [] -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do names_and_types.append((column.name, column.data_type)) -%}
        {%- endfor -%}
        {%- do columns.append(names_and_types) -%}
    {%- endfor -%}
    {{ return(columns[0] == columns[1]) }}
{%- endmacro %}
