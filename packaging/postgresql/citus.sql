-- Distributes a dbcensus store over the nodes of a Citus cluster. Run it once on the coordinator, as the user of the
-- store, after dbcensus-collector has stored a first report and so made its tables. docs/scale-out.md has the steps.
--
-- What grows with the number of databases and reports is distributed by its place, the number of a host or minus that of
-- a listing: everything about one place is on one node. What they are joined with is on every node. The queue of
-- discovery, tokens, the audit log and counts stay on the coordinator.

-- On every node: small, and joined with the tables below.
SELECT create_reference_table('hosts');
SELECT create_reference_table('host_aliases');
SELECT create_reference_table('host_tags');
SELECT create_reference_table('listings');
SELECT create_reference_table('instances');
SELECT create_reference_table('instance_tags');
SELECT create_reference_table('organization_accounts');
SELECT create_reference_table('account_tags');

-- By place, all together.
SELECT create_distributed_table('databases', 'place');
SELECT create_distributed_table('database_history', 'place', colocate_with => 'databases');
SELECT create_distributed_table('changes', 'place', colocate_with => 'databases');
SELECT create_distributed_table('observations', 'place', colocate_with => 'databases');
SELECT create_distributed_table('reports', 'place', colocate_with => 'databases');
SELECT create_distributed_table('search_databases', 'place', colocate_with => 'databases');
