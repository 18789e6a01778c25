{#-
Nobody else's table is replaced. Every relation that this project builds carries its mark, as a comment; a run that would
replace a relation without it, or build into a schema that only holds others' relations, stops before it touches anything.
-#}

{% macro ownership_mark() %}{{ return('Built by dbt project ' ~ project_name) }}{% endmacro %}

{#- Post-hook of every model and seed; in the transaction that builds it, so that no relation of ours is ever seen without. -#}
{% macro mark_as_ours() -%}
    comment on {{ 'view' if config.get('materialized') == 'view' else 'table' }} {{ this }} is '{{ ownership_mark() }}'
{%- endmacro %}

{#-
on-run-start: looks only where this project's selected models and seeds go, and only when the command builds something.
Relations of the other packages in the project are their own business.
-#}
{% macro refuse_foreign_relations() -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'retry') -%}
        {%- set built, others = {}, [] -%}
        {%- for node in graph.nodes.values()
                if node.resource_type in ('model', 'seed', 'snapshot') and node.config.materialized != 'ephemeral' -%}
            {%- if node.package_name != project_name -%}
                {%- do others.append((node.schema | lower, node.alias | lower)) -%}
            {%- elif node.unique_id in selected_resources -%}
                {%- do built.setdefault(node.schema | lower, []).append(node.alias | lower) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- for schema, names in built | dictsort -%}
            {%- set ours, foreign = [], [] -%}
            {%- for relation, mark in run_query(relations_and_marks(schema)) | map('list')
                    if (schema, relation) not in others -%}
                {%- do (ours if mark == ownership_mark() else foreign).append(relation) -%}
            {%- endfor -%}
            {%- set in_the_way = foreign | select('in', names) | list if ours else foreign -%}
            {%- if in_the_way -%}
                {{ exceptions.raise_compiler_error(
                    target.name ~ " already holds " ~ schema ~ "." ~ in_the_way[0] ~ ", which this project did not "
                    ~ "build: nothing was touched; move it to another schema or drop it, or build in another database"
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#- Every table and view in a schema, by name in lower case, with its comment. -#}
{% macro relations_and_marks(schema) -%}
    {{ return(adapter.dispatch('relations_and_marks', 'menswear')(schema)) }}
{%- endmacro %}

{% macro duckdb__relations_and_marks(schema) -%}
    select lower(table_name) as relation, comment as mark
    from duckdb_tables()
    where database_name = current_database() and lower(schema_name) = '{{ schema }}'
    union all
    select lower(view_name) as relation, comment as mark
    from duckdb_views()
    where database_name = current_database() and lower(schema_name) = '{{ schema }}'
    order by relation
{%- endmacro %}

{% macro postgres__relations_and_marks(schema) -%}
    select lower(pg_class.relname) as relation, obj_description(pg_class.oid, 'pg_class') as mark
    from pg_class
    inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
    where lower(pg_namespace.nspname) = '{{ schema }}' and pg_class.relkind in ('r', 'p', 'v', 'm', 'f')
    order by relation
{%- endmacro %}
