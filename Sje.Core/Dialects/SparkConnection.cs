using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>Reads how Spark gets at what is no file: a database (<c>jdbc</c>) or the topics of a broker (<c>kafka</c>).</summary>
internal sealed class SparkConnection(FaultList faults)
{
    private static readonly (string Field, string Option)[] OfDatabases =
    [
        ("url", "url"),
        ("table", "dbtable"),
        ("query", "query"),
        ("user", "user"),
        ("password", "password"),
        ("driver", "driver"),
    ];

    private static readonly (string Field, string Option)[] OfBrokers =
    [
        ("bootstrapServers", "kafka.bootstrap.servers"),
        ("topic", "subscribe"),
    ];

    // A driver that comes with the application is one that Java does not find by the address, so it has to be named.
    private static readonly Dictionary<string, string> Drivers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["postgresql"] = "org.postgresql.Driver",
        ["mysql"] = "com.mysql.cj.jdbc.Driver",
        ["mariadb"] = "org.mariadb.jdbc.Driver",
        ["sqlserver"] = "com.microsoft.sqlserver.jdbc.SQLServerDriver",
        ["oracle"] = "oracle.jdbc.OracleDriver",
        ["db2"] = "com.ibm.db2.jcc.DB2Driver",
        ["h2"] = "org.h2.Driver",
        ["sqlite"] = "org.sqlite.JDBC",
        ["clickhouse"] = "com.clickhouse.jdbc.ClickHouseDriver",
        ["snowflake"] = "net.snowflake.client.jdbc.SnowflakeDriver",
    };

    /// <summary>Spark's options: what stands in <c>options</c>, and the fields that people write beside it.</summary>
    public Dictionary<string, string> Read(Fields end, string place)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        var options = end.Map("options");
        foreach (var (name, value) in options?.Values ?? [])
        {
            if (value is null or JsonObject or JsonArray)
            {
                faults.Add(
                    options!.At(name),
                    FaultCodes.WrongType,
                    $"Must be a text, a number, true or false, and is {Fields.KindOf(value)}."
                );
            }
            else
            {
                result[name] = Template.PlainText(value);
            }
        }

        var fields = place == "jdbc" ? OfDatabases : OfBrokers;
        foreach (var (field, option) in fields)
        {
            if (end.Text(field) is { } text)
            {
                result[option] = text;
            }
        }

        foreach (
            var (field, option) in place == "jdbc"
                ? [fields[0]]
                : fields.Where(field => !result.ContainsKey("subscribePattern") || field.Field != "topic")
        )
        {
            if (!result.ContainsKey(option))
            {
                end.Missing(field);
            }
        }

        if (
            result.GetValueOrDefault("url")?.Split(':') is ["jdbc", var kind, ..]
            && Drivers.TryGetValue(kind, out var driver)
        )
        {
            result.TryAdd("driver", driver);
        }

        return result;
    }
}
