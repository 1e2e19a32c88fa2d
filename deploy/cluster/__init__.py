"""Depositary on several machines, rehearsed on one: etcd, Patroni, three PostgreSQL nodes, web processes, workers."""
