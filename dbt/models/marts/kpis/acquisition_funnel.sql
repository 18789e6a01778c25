-- From lead to first order, by the campaign that brought the lead and the month in which it came.
with leads as (

    select * from {{ ref('int_leads__followed') }}

),

campaigns as (

    select * from {{ ref('stg_crm__campaigns') }}

),

-- a lead of last week may be won yet: only those watched for the whole window can be compared between months
judged as (

    select
        lead_id,
        campaign_id,
        lead_month,
        case when converted_date is not null then 1 else 0 end as converted,
        case when first_order_date is not null then 1 else 0 end as customer,
        case
            when {{ days_between('lead_date', as_of_date()) }} >= {{ var('funnel_window_days') }} then 1 else 0
        end as watched,
        case
            when {{ days_between('lead_date', 'first_order_date') }} <= {{ var('funnel_window_days') }} then 1 else 0
        end as customer_in_window
    from leads

),

counted as (

    select
        campaign_id,
        lead_month,
        count(*) as leads,
        sum(converted) as converted_leads,
        sum(customer) as customers,
        sum(watched) as watched_leads,
        sum(watched * customer_in_window) as watched_customers
    from judged
    group by campaign_id, lead_month

),

final as (

    select
        counted.campaign_id,
        cast(coalesce(campaigns.campaign_name, 'no campaign') as {{ dbt.type_string() }}) as campaign_name,
        cast(campaigns.campaign_type as {{ dbt.type_string() }}) as campaign_type,
        counted.lead_month,
        cast(counted.leads as bigint) as leads,
        cast(counted.converted_leads as bigint) as converted_leads,
        cast(counted.customers as bigint) as customers,
        {{ ratio('counted.converted_leads', 'counted.leads') }} as conversion_rate,
        {{ ratio('counted.customers', 'counted.converted_leads') }} as first_order_rate,
        {{ ratio('counted.customers', 'counted.leads') }} as lead_to_customer_rate,
        cast(counted.watched_leads as bigint) as watched_leads,
        cast(counted.watched_customers as bigint) as watched_customers,
        {{ ratio('counted.watched_customers', 'counted.watched_leads') }} as customer_rate_in_window
    from counted
    left join campaigns on counted.campaign_id = campaigns.campaign_id

)

select * from final
