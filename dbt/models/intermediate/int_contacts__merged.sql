-- Which record each contact lives on as: a merge leaves losers behind, and a survivor may be merged again.
with recursive contacts as (

    select
        contact_id,
        master_record_id,
        is_deleted
    from {{ ref('stg_crm__contacts') }}

),

losers as (

    -- a loser whose master never landed stays itself
    select
        contacts.contact_id,
        contacts.master_record_id
    from contacts
    inner join contacts as masters on contacts.master_record_id = masters.contact_id

),

ancestors as (

    select
        contact_id,
        master_record_id as ancestor_id,
        1 as merge_count
    from losers

    union all

    -- twenty merges deep at most, so that a circle of masters cannot run for ever
    select
        ancestors.contact_id,
        losers.master_record_id as ancestor_id,
        ancestors.merge_count + 1 as merge_count
    from ancestors
    inner join losers on ancestors.ancestor_id = losers.contact_id
    where ancestors.merge_count < 20

),

survivors as (

    select
        ancestors.contact_id,
        ancestors.ancestor_id as surviving_contact_id,
        ancestors.merge_count
    from ancestors
    left join losers on ancestors.ancestor_id = losers.contact_id
    where losers.contact_id is null

),

final as (

    select
        contacts.contact_id,
        coalesce(survivors.surviving_contact_id, contacts.contact_id) as surviving_contact_id,
        survivors.contact_id is null as is_survivor,
        cast(coalesce(survivors.merge_count, 0) as integer) as merges_followed,
        survivor_records.is_deleted as is_survivor_deleted
    from contacts
    left join survivors on contacts.contact_id = survivors.contact_id
    inner join contacts as survivor_records
        on coalesce(survivors.surviving_contact_id, contacts.contact_id) = survivor_records.contact_id

)

select * from final
