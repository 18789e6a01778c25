-- What each channel's customers cost and earn: by lead source, the campaigns' cost spread over whom they reached.
with contacts as (

    select
        contact_id,
        coalesce(lead_source, 'unknown') as lead_source
    from {{ ref('dim_contacts') }}

),

costs as (

    select
        coalesce(lead_source, 'unknown') as lead_source,
        sum(cost) as campaign_cost,
        -- what is spent on customers the shop has already wins nobody
        sum(case when is_customer_already then 0 else cost end) as acquisition_cost
    from {{ ref('int_campaign_costs') }}
    group by coalesce(lead_source, 'unknown')

),

first_orders as (

    select
        contacts.lead_source,
        first_orders.contact_id,
        first_orders.first_order_month,
        first_orders.net_revenue,
        first_orders.margin,
        -- the last month of the contact's life as a customer that is over: 0 is the month of the first order
        {{ months_between(
            'first_orders.first_order_month',
            add_months(month_of(add_days(as_of_date(), 1)), -1)
        ) }} as last_month_number
    from {{ ref('int_contacts__first_orders') }} as first_orders
    inner join contacts on first_orders.contact_id = contacts.contact_id

),

known as (

    select
        lead_source,
        count(*) as contacts
    from contacts
    group by lead_source

),

won as (

    select
        lead_source,
        count(*) as contacts_won,
        sum(net_revenue) as net_revenue,
        sum(margin) as margin
    from first_orders
    group by lead_source

),

touched as (

    -- one first touch a contact
    select
        contacts.lead_source,
        count(*) as contacts_won_by_campaigns
    from {{ ref('int_campaign_touches') }} as touches
    inner join contacts on touches.contact_id = contacts.contact_id
    where touches.is_first_touch
    group by contacts.lead_source

),

channels as (

    select lead_source from contacts
    union
    select lead_source from costs
    where campaign_cost <> 0

),

performance as (

    select
        channels.lead_source,
        coalesce(known.contacts, 0) as contacts,
        coalesce(won.contacts_won, 0) as contacts_won,
        coalesce(costs.campaign_cost, 0) as campaign_cost,
        coalesce(costs.acquisition_cost, 0) as acquisition_cost,
        coalesce(touched.contacts_won_by_campaigns, 0) as contacts_won_by_campaigns,
        {{ ratio('coalesce(costs.acquisition_cost, 0)', 'touched.contacts_won_by_campaigns') }} as cac,
        {{ ratio('coalesce(costs.acquisition_cost, 0)', 'won.contacts_won') }} as blended_cac,
        coalesce(won.net_revenue, 0) as net_revenue,
        case when won.contacts_won is null then 0 else won.margin end as margin,
        {{ ratio('won.margin', 'won.contacts_won') }} as margin_per_contact
    from channels
    left join known on channels.lead_source = known.lead_source
    left join won on channels.lead_source = won.lead_source
    left join touched on channels.lead_source = touched.lead_source
    left join costs on channels.lead_source = costs.lead_source

),

-- a month of a customer's life counts for the contacts for whom it is over, so that new ones do not thin it out
month_numbers as (

    {{ numbers(3) }}

),

watched as (

    select
        first_orders.lead_source,
        month_numbers.number as month_number,
        count(*) as contacts
    from first_orders
    inner join month_numbers on first_orders.last_month_number >= month_numbers.number
    group by first_orders.lead_source, month_numbers.number

),

lives as (

    select
        first_orders.lead_source,
        first_orders.last_month_number,
        {{ months_between('first_orders.first_order_month', 'margins.month_start') }} as month_number,
        margins.margin
    from first_orders
    inner join {{ ref('int_contacts__margin_monthly') }} as margins on first_orders.contact_id = margins.contact_id

),

earned as (

    select
        lead_source,
        month_number,
        sum(margin) as margin
    from lives
    where month_number <= last_month_number
    group by lead_source, month_number

),

accumulated as (

    select
        watched.lead_source,
        watched.month_number,
        sum({{ ratio('coalesce(earned.margin, 0)', 'watched.contacts') }}) over (
            partition by watched.lead_source
            order by watched.month_number
            rows between unbounded preceding and current row
        ) as margin_so_far
    from watched
    left join earned
        on
            watched.lead_source = earned.lead_source
            and watched.month_number = earned.month_number

),

repaid as (

    select
        accumulated.lead_source,
        min(accumulated.month_number) as months_to_payback
    from accumulated
    inner join performance on accumulated.lead_source = performance.lead_source
    where
        accumulated.margin_so_far >= performance.cac
        and performance.margin is not null
    group by accumulated.lead_source

),

final as (

    select
        cast(performance.lead_source as {{ dbt.type_string() }}) as lead_source,
        cast(performance.contacts as bigint) as contacts,
        cast(performance.contacts_won as bigint) as contacts_won,
        cast(performance.contacts_won_by_campaigns as bigint) as contacts_won_by_campaigns,
        {{ money('performance.campaign_cost') }} as campaign_cost,
        {{ money('performance.acquisition_cost') }} as acquisition_cost,
        performance.cac,
        performance.blended_cac,
        {{ money('performance.net_revenue') }} as net_revenue,
        {{ money('performance.margin') }} as margin,
        performance.margin_per_contact,
        cast(repaid.months_to_payback as integer) as months_to_payback
    from performance
    left join repaid on performance.lead_source = repaid.lead_source

)

select * from final
