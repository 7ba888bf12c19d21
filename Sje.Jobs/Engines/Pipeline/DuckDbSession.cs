using System.Globalization;
using System.Reflection;
using DuckDB.NET.Data;
using Sje.Core.Jobs;

namespace Sje.Jobs.Engines.Pipeline;

/// <summary>
/// One database in memory for one attempt. After <see cref="Lock"/> it reads and writes only the folders it was given, loads
/// nothing and takes no settings (COMPAT: the order progress, folders, external access, configuration is the one that works).
/// </summary>
internal sealed class DuckDbSession : IDisposable
{
    private const long DefaultMemory = 1L << 30;
    private const int MostDefaultThreads = 4;
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(100);

    private readonly DuckDBConnection connection;
    private readonly TimeProvider clock;

    private DuckDbSession(DuckDBConnection connection, TimeProvider clock) =>
        (this.connection, this.clock) = (connection, clock);

    public DuckDBConnection Connection => connection;

    public static DuckDbSession Open(ResourceSpec resources, string workingDirectory, TimeProvider clock)
    {
        var session = new DuckDbSession(new DuckDBConnection("DataSource=:memory:"), clock);
        try
        {
            session.connection.Open();
            session.Set(resources, workingDirectory);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Runs a statement that ends quickly.</summary>
    public void Execute(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>All rows of a small result.</summary>
    public List<object?[]> Query(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read())
        {
            var row = new object?[reader.FieldCount];
            for (var i = 0; i < row.Length; i++)
            {
                row[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
            }

            rows.Add(row);
        }

        return rows;
    }

    /// <summary>The rows of a table, which DuckDB knows without reading it.</summary>
    public long Count(string table) =>
        Convert.ToInt64(
            Query($"SELECT count(*) FROM \"{table.Replace("\"", "\"\"", StringComparison.Ordinal)}\"")[0][0],
            CultureInfo.InvariantCulture
        );

    /// <summary>Shuts the database in: from here on only these folders can be read or written.</summary>
    public void Lock(IEnumerable<string> folders)
    {
        var list = string.Join(
            ", ",
            folders.Distinct(StringComparer.Ordinal).Select(f => $"'{f.Replace("'", "''", StringComparison.Ordinal)}'")
        );
        Execute($"SET allowed_directories = [{list}]");
        Execute("SET enable_external_access = false");
        Execute("SET lock_configuration = true");
    }

    /// <summary>
    /// Runs a statement to its end on a thread of its own and returns the count it gives. <paramref name="progress"/> gets 0 to 1.
    /// When <paramref name="stop"/> fires, DuckDB is interrupted again and again until the call has returned, since an interrupt
    /// that finds nothing running is lost.
    /// </summary>
    public async Task<int> RunAsync(string sql, Action<double> progress, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        var run = Task.Factory.StartNew(
            command.ExecuteNonQuery,
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        while (!run.IsCompleted)
        {
            await Task.WhenAny(run, Task.Delay(PollEvery, clock, CancellationToken.None));
            if (run.IsCompleted)
            {
                break;
            }

            if (stop.IsCancellationRequested)
            {
                command.Cancel();
            }
            else if (connection.GetQueryProgress().Percentage is >= 0 and <= 100 and var percent)
            {
                progress(percent / 100);
            }
        }

        try
        {
            return await run;
        }
        catch (Exception e) when (stop.IsCancellationRequested && e is DuckDBException or OperationCanceledException)
        {
            throw new OperationCanceledException("The pipeline was stopped.", e, stop);
        }
    }

    public void Dispose() => connection.Dispose();

    private void Set(ResourceSpec resources, string workingDirectory)
    {
        // The rest of the task's memory is the process itself: runtime, driver, buffers of Parquet writers.
        var memory = resources.MemoryBytes > 0 ? (long)(resources.MemoryBytes * 0.6) : DefaultMemory;
        var threads =
            resources.Cpus > 0
                ? Math.Max(1, (int)Math.Ceiling(resources.Cpus))
                : Math.Min(Environment.ProcessorCount, MostDefaultThreads);
        var spill = Path.Combine(workingDirectory, "duckdb").Replace("'", "''", StringComparison.Ordinal);
        Execute(
            string.Create(CultureInfo.InvariantCulture, $"SET memory_limit = '{Math.Max(memory / 1024, 64 * 1024)}KiB'")
        );
        Execute(string.Create(CultureInfo.InvariantCulture, $"SET threads = {threads}"));
        Execute($"SET temp_directory = '{spill}'");
        Execute("SET TimeZone = 'UTC'");
        Execute("SET autoinstall_known_extensions = false");
        Execute("SET autoload_known_extensions = false");
        Execute("SET allow_community_extensions = false");
        Execute("SET disabled_optimizers = 'filter_pullup,cte_filter_pusher'"); // see RowCounters
        Execute("SET enable_progress_bar = true");
        Execute("SET enable_progress_bar_print = false");
        Execute("SET progress_bar_time = 0");
        Execute(Prelude());
    }

    /// <summary>The macros that the compiler's spellings call.</summary>
    internal static string Prelude()
    {
        using var stream =
            Assembly.GetExecutingAssembly().GetManifestResourceStream("pipeline.prelude.sql")
            ?? throw new InvalidOperationException("the resource pipeline.prelude.sql is missing from the build");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
