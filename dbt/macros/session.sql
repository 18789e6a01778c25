{#-
What a run relies on in its connection, whatever profile made it: a landed time without a zone is read in UTC, and a number
as text in full. dbt/profiles.yml sets it; a profile of your own must, too.
-#}
{% macro refuse_other_session_settings() -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'test', 'seed', 'retry') -%}
        {%- for name, wanted in session_settings().items() -%}
            {%- set found = run_query("select current_setting('" ~ name ~ "')").columns[0].values()[0] | string -%}
            {%- if found | lower not in wanted -%}
                {{ exceptions.raise_compiler_error(
                    "this connection's " ~ name ~ " is " ~ found ~ ", and must be " ~ wanted[0]
                    ~ ": nothing was touched; take dbt/profiles.yml or set it in yours, and unset the shell's PG… variables"
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#- Name → the values that are right, in lower case. -#}
{% macro session_settings() -%}
    {{ return(adapter.dispatch('session_settings', 'menswear')()) }}
{%- endmacro %}

{% macro default__session_settings() %}{{ return({}) }}{% endmacro %}
{% macro duckdb__session_settings() %}{{ return({'TimeZone': ['utc', 'etc/utc', 'gmt']}) }}{% endmacro %}
{% macro postgres__session_settings() -%}
    {{ return({
        'TimeZone': ['utc', 'etc/utc', 'gmt'],
        'extra_float_digits': ['1', '2', '3'],
        'client_encoding': ['utf8'],
    }) }}
{%- endmacro %}
