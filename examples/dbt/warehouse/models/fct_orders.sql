select order_id, customer_id, email, ordered_at, cast(cents / 100.0 as decimal(18, 2)) as amount
from {{ ref('raw_orders') }}
where status <> 'cancelled'
