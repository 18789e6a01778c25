-- The stages of a deal in their order, and which of them end it. Declared here and nowhere else.
with final as (

    {% for stage, is_closed, is_won in [
        ('Prospecting', false, false),
        ('Qualification', false, false),
        ('Proposal', false, false),
        ('Negotiation', false, false),
        ('Closed Won', true, true),
        ('Closed Lost', true, false),
    ] -%}
    select
        cast('{{ stage }}' as {{ dbt.type_string() }}) as stage_name,
        {{ loop.index }} as stage_rank,
        {{ is_closed }} as is_closed,
        {{ is_won }} as is_won
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
