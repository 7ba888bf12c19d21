using DuckDB.NET.Data;

namespace Sje.Tests.Support;

/// <summary>The answer to the question of the examples about flights, by DuckDB on the same files.</summary>
internal static class LateDepartures
{
    /// <summary>The rows that every engine has to give, in order.</summary>
    public static IReadOnlyList<object?[]> Expected() =>
        Query(
            $"""
            SELECT a.state, count(*), floor(avg(f.delay) * 10 + 0.5) / 10, max(f.delay)
            FROM '{RepositoryFiles.SampleData("flights-3m.parquet")}' f
            JOIN read_csv('{RepositoryFiles.SampleData("airports.csv")}', all_varchar = true) a ON f.origin = a.iata
            WHERE f.delay >= 60 GROUP BY a.state ORDER BY 2 DESC, 1
            """
        );

    /// <summary>The rows of a folder of Parquet files.</summary>
    public static IReadOnlyList<object?[]> In(string folder) => Query($"SELECT * FROM '{folder}/*.parquet'");

    private static List<object?[]> Query(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read())
        {
            rows.Add([
                .. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i)),
            ]);
        }

        return rows;
    }
}
