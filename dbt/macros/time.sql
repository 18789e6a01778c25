{#- Dates on the business clock, and date arithmetic that gives the same answer on every engine. -#}

{#- The last day that counts, as text: the var, else the environment's AS_OF_DATE, else the default. -#}
{% macro as_of_text() -%}
    {%- set chosen = var('as_of_date') or env_var('AS_OF_DATE', '') or var('default_as_of_date') -%}
    {%- set day = chosen | string | trim -%}
    {%- if not modules.re.fullmatch('[0-9]{4}-[0-9]{2}-[0-9]{2}', day) -%}
        {{ exceptions.raise_compiler_error("AS_OF_DATE must be a day such as 2025-12-31, not '" ~ day ~ "'") }}
    {%- endif -%}
    {{ return(day) }}
{%- endmacro %}

{% macro as_of_date() -%}
    cast('{{ as_of_text() }}' as date)
{%- endmacro %}

{#- A UTC timestamp as the business clock shows it. -#}
{% macro business_time(timestamp) -%}
    {{ return(adapter.dispatch('business_time', 'menswear')(timestamp)) }}
{%- endmacro %}

{% macro default__business_time(timestamp) -%}
    {%- if var('business_timezone') == 'UTC' -%}
        {{ timestamp }}
    {%- else -%}
        timezone('{{ var("business_timezone") }}', timezone('UTC', {{ timestamp }}))
    {%- endif -%}
{%- endmacro %}

{% macro spark__business_time(timestamp) -%}
    from_utc_timestamp({{ timestamp }}, '{{ var("business_timezone") }}')
{%- endmacro %}

{#- The UTC timestamp at which a business day begins. -#}
{% macro start_of_day(date) -%}
    {{ return(adapter.dispatch('start_of_day', 'menswear')(date)) }}
{%- endmacro %}

{% macro default__start_of_day(date) -%}
    {%- if var('business_timezone') == 'UTC' -%}
        cast({{ date }} as timestamp)
    {%- else -%}
        timezone('UTC', timezone('{{ var("business_timezone") }}', cast({{ date }} as timestamp)))
    {%- endif -%}
{%- endmacro %}

{% macro spark__start_of_day(date) -%}
    to_utc_timestamp(cast({{ date }} as timestamp), '{{ var("business_timezone") }}')
{%- endmacro %}

{#- The business day that a UTC timestamp falls on. Of a day, which is on the business clock already, never call it. -#}
{% macro business_date(timestamp) -%}
    cast({{ business_time(timestamp) }} as date)
{%- endmacro %}

{#- First day of the date's month (quarter, year, or ISO week, which starts on Monday). -#}
{% macro month_of(date) -%}
    cast({{ dbt.date_trunc('month', date) }} as date)
{%- endmacro %}

{% macro start_of(part, date) -%}
    cast({{ dbt.date_trunc(part, date) }} as date)
{%- endmacro %}

{% macro add_days(date, days) -%}
    cast({{ dbt.dateadd('day', days, date) }} as date)
{%- endmacro %}

{#- The same day of a later month; its last day where the month is shorter. -#}
{% macro add_months(date, months) -%}
    cast({{ dbt.dateadd('month', months, date) }} as date)
{%- endmacro %}

{% macro days_between(earlier, later) -%}
    cast({{ dbt.datediff(earlier, later, 'day') }} as integer)
{%- endmacro %}

{% macro seconds_between(earlier, later) -%}
    cast({{ dbt.datediff(earlier, later, 'second') }} as bigint)
{%- endmacro %}

{#- Whole weeks: 13 days are 1. Counted in sevens of days, not in calendar weeks crossed. -#}
{% macro weeks_between(earlier, later) -%}
    cast(floor({{ days_between(earlier, later) }} / 7.0) as integer)
{%- endmacro %}

{#- Calendar months from one month to another: 31 January to 1 February is 1. -#}
{% macro months_between(earlier, later) -%}
    cast({{ dbt.datediff(earlier, later, 'month') }} as integer)
{%- endmacro %}

{#- Monday is 1, Sunday is 7. -#}
{% macro iso_day_of_week(date) -%}
    {{ return(adapter.dispatch('iso_day_of_week', 'menswear')(date)) }}
{%- endmacro %}

{% macro default__iso_day_of_week(date) -%}
    cast(extract(isodow from {{ date }}) as integer)
{%- endmacro %}

{% macro spark__iso_day_of_week(date) -%}
    cast(extract(dayofweek_iso from {{ date }}) as integer)
{%- endmacro %}

{#- The body of a CTE with one row a number: `number` from 0 to 10^digits − 1. No engine's own series function. -#}
{% macro numbers(digits) -%}
    select
        {% for place in range(digits) -%}
        {{ '+ ' if not loop.first }}{{ 10 ** place }} * digit_{{ place }}.digit
        {%- if not loop.last %}
        {% endif %}
        {%- endfor %} as number
    from
        {%- for place in range(digits) %}
        {{ 'cross join ' if not loop.first }}(
            {%- for digit in range(10) %}
            select {{ digit }} as digit{{ ' union all' if not loop.last }}
            {%- endfor %}
        ) as digit_{{ place }}
        {%- endfor %}
{%- endmacro %}

{#-
The body of a CTE with one row a month, `month_start`, without gaps: from the month of the earliest date in a column of a
relation to that of the as-of date. No row where the relation is empty.
-#}
{% macro months_since(relation, column) -%}
    select {{ add_months('earliest.month_start', 'numbers.number') }} as month_start
    from (select {{ month_of('min(' ~ column ~ ')') }} as month_start from {{ relation }}) as earliest
    inner join ({{ numbers(3) }}) as numbers
        on {{ months_between('earliest.month_start', as_of_date()) }} >= numbers.number
{%- endmacro %}
