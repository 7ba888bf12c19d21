using System.ComponentModel.DataAnnotations;

namespace Sje.Jobs.Engines.Sql;

/// <summary>A database that tasks of type <c>sql</c> may name.</summary>
public sealed class ConnectionOptions : IValidatableObject
{
    /// <summary>The section of the configuration: an object of these by name.</summary>
    public const string Section = "connections";

    /// <summary>Which kind of database: <c>postgres</c>.</summary>
    public string Type { get; set; } = PostgresDatabases.Name;

    /// <summary>How to reach it, with user and password. Never shown.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>Looks for what can be seen without connecting. No message holds the connection string.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (SqlDatabases.Find(Type) is not { } databases)
        {
            yield return new ValidationResult($"it must be {string.Join(" or ", SqlDatabases.Types)}", [nameof(Type)]);
            yield break;
        }

        if (databases.Problem(ConnectionString) is { } problem)
        {
            yield return new ValidationResult($"connectionString is not right: {problem}");
        }
    }
}

/// <summary>The databases of this worker by name, read from the section <see cref="ConnectionOptions.Section"/>.</summary>
internal sealed class SqlOptions
{
    /// <summary>By name; capitals do not count, as in all settings.</summary>
    public Dictionary<string, ConnectionOptions> Connections { get; } = new(StringComparer.OrdinalIgnoreCase);
}
