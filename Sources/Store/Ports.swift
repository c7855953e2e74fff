import Inventory

extension InventoryStore: InventoryLists, ReportSink, DeadLetterStore, HostAdministration, AuditLog, Retention,
    StoreStatus, TokenStore, CollectorRegistry, DiscoveryQueue, DiscoveryLists
{}
