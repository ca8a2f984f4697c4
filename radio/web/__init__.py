"""HTTP manners without a domain: access, conditional answers, headers, errors, assets, forms."""
