# LocalStack on this machine: what a free one can hold. `make deploy-local` adds its address as local_endpoint.
prefix                   = "menswear-local"
deletion_protection      = false
warehouse_final_snapshot = false
github_repository        = "owner/menswear-analytics-handbook"
