-- Recency, frequency, monetary value: every contact who ever bought, scored in fifths and given one of eleven segments.
with contacts as (

    select
        contact_id,
        max(occasion_date) as last_purchase_date,
        count(*) as frequency,
        sum(net_revenue) as monetary
    from {{ ref('int_purchase_occasions') }}
    group by contact_id

),

-- equal values may fall on both sides of a fifth's edge: ids follow arrival, so a hash decides, blind to who came first
scored as (

    select
        *,
        ntile(5) over (order by last_purchase_date, {{ in_byte_order('md5(contact_id)') }}) as recency_score,
        ntile(5) over (order by frequency, {{ in_byte_order('md5(contact_id)') }}) as frequency_score,
        ntile(5) over (order by monetary, {{ in_byte_order('md5(contact_id)') }}) as monetary_score
    from contacts

),

valued as (

    select
        *,
        -- the mean of the two, a half rounded up
        cast(floor((frequency_score + monetary_score + 1) / 2.0) as integer) as value_score
    from scored

),

final as (

    select
        valued.contact_id,
        valued.last_purchase_date,
        {{ days_between('valued.last_purchase_date', as_of_date()) }} as recency_days,
        cast(valued.frequency as bigint) as frequency,
        {{ money('valued.monetary') }} as monetary,
        cast(valued.recency_score as integer) as recency_score,
        cast(valued.frequency_score as integer) as frequency_score,
        cast(valued.monetary_score as integer) as monetary_score,
        valued.value_score,
        segments.segment
    from valued
    left join {{ ref('rfm_segments') }} as segments
        on
            valued.recency_score = segments.recency_score
            and valued.value_score = segments.value_score

)

select * from final
