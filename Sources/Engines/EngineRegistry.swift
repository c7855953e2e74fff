/// Every engine that the agent knows.
public enum EngineRegistry {
    /// In the order in which they are asked; a process belongs to the first that claims it and finds it genuine.
    public static let all: [any Engine] = [
        MySQLFamily.mySQL,
        MySQLFamily.mariaDB,
        PostgreSQL(),
        MongoDB(),
    ]
}
