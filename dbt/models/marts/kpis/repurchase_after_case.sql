-- Whether a case drives customers away: how many buy again after a purchase with a case, against after one without.
--
-- A purchase is judged at the end of its case window, and only if nothing was bought since: who comes back at once has
-- no time to complain, so counting them among those without a case would flatter that side.
with occasions as (

    select
        contact_id,
        occasion_date,
        first_ordered_at,
        next_occasion_date,
        {{ add_days('occasion_date', var('case_window_days')) }} as judged_on
    from {{ ref('int_purchase_occasions') }}

),

quiet as (

    select
        *,
        case
            when {{ days_between('judged_on', 'next_occasion_date') }} <= {{ var('lapse_window_days') }} then 1 else 0
        end as has_repurchased
    from occasions
    where
        (next_occasion_date is null or next_occasion_date > judged_on)
        -- watched for the whole window, bought again or not
        and {{ days_between('judged_on', as_of_date()) }} >= {{ var('lapse_window_days') }}

),

cases as (

    select
        quiet.contact_id,
        quiet.occasion_date,
        cases.case_reason,
        row_number() over (
            partition by quiet.contact_id, quiet.occasion_date
            order by cases.opened_at, {{ in_byte_order('cases.case_id') }}
        ) as case_rank
    from quiet
    inner join {{ ref('int_cases__counted') }} as cases
        on
            quiet.contact_id = cases.contact_id
            and cases.opened_date between quiet.occasion_date and quiet.judged_on
            -- a case of the same morning is about an earlier purchase, or about none
            and quiet.first_ordered_at <= cases.opened_at

),

grouped as (

    select
        coalesce(cases.case_reason, 'no case') as case_group,
        quiet.has_repurchased
    from quiet
    left join cases
        on
            quiet.contact_id = cases.contact_id
            and quiet.occasion_date = cases.occasion_date
            and cases.case_rank = 1

),

with_total as (

    select
        case_group,
        has_repurchased
    from grouped

    union all

    select
        'any case' as case_group,
        has_repurchased
    from grouped
    where case_group <> 'no case'

),

counted as (

    select
        case_group,
        count(*) as purchases,
        sum(has_repurchased) as repurchases,
        {{ ratio('sum(has_repurchased)', 'count(*)') }} as repurchase_rate
    from with_total
    group by case_group

),

final as (

    select
        cast(case_group as {{ dbt.type_string() }}) as case_group,
        cast(purchases as bigint) as purchases,
        cast(repurchases as bigint) as repurchases,
        repurchase_rate,
        repurchase_rate - max(case when case_group = 'no case' then repurchase_rate end) over ()
            as difference_to_no_case
    from counted

)

select * from final
