select customer_id, email, country, changed_at
from {{ ref('raw_customers') }}
