using System.Reflection;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Planning;

namespace Sje.Jobs.Engines.Spark;

/// <summary>
/// Makes an application of SQL: the text, or a file that ends in <c>.sql</c>, and the small runner that puts it to Spark statement by
/// statement. Both lie in the storage root, which drivers elsewhere must see at the same path, as any file of a job.
/// </summary>
internal static class SqlScripts
{
    private const string Runner = "sje_sql.py";
    private const string Script = "script.sql";

    private static readonly byte[] RunnerText = ReadRunner();

    /// <summary>The settings with the runner as application, where they are SQL; otherwise as they are.</summary>
    /// <exception cref="FormatException">The script cannot be read.</exception>
    public static SparkSettings Prepare(SparkSettings settings, Guid taskId, int number, string storageRoot)
    {
        var isFile = settings.Application?.EndsWith(".sql", StringComparison.OrdinalIgnoreCase) == true;
        if (settings.Sql is null && !isFile)
        {
            return settings;
        }

        var folder = FolderOf(taskId, number, storageRoot);
        Directory.CreateDirectory(folder);
        var script = Path.Combine(folder, Script);
        if (settings.Sql is { } sql)
        {
            File.WriteAllText(script, sql);
        }
        else
        {
            var source = Path.GetFullPath(Path.Combine(Path.GetFullPath(storageRoot), settings.Application!));
            if (!File.Exists(source))
            {
                throw new FormatException($"spark.application: there is no file {source} on this worker.");
            }

            File.Copy(source, script, overwrite: true);
        }

        var runner = Path.Combine(folder, Runner);
        File.WriteAllBytes(runner, RunnerText);
        return settings with
        {
            Application = runner,
            Sql = null,
            // A driver's own folder is anywhere; paths in SQL are written from here.
            SparkConf = new Dictionary<string, string>(settings.SparkConf, StringComparer.Ordinal)
            {
                [SparkTaskType.RootProperty] = "file://" + Path.GetFullPath(storageRoot),
            },
            Lists = new Dictionary<string, IReadOnlyList<string>>(settings.Lists, StringComparer.Ordinal)
            {
                ["arguments"] = [script, .. settings.List("arguments")],
            },
        };
    }

    /// <summary>Takes away what <see cref="Prepare"/> wrote, if anything.</summary>
    public static void Remove(Guid taskId, int number, string storageRoot)
    {
        try
        {
            Directory.Delete(FolderOf(taskId, number, storageRoot), recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There was none; or it stays, which harms nobody.
        }
    }

    private static string FolderOf(Guid taskId, int number, string storageRoot) =>
        Path.Combine(Path.GetFullPath(storageRoot), ".sje", "spark-sql", $"{taskId}-{number}");

    private static byte[] ReadRunner()
    {
        using var stream =
            Assembly.GetExecutingAssembly().GetManifestResourceStream("sje_sql.py")
            ?? throw new InvalidOperationException("The SQL runner is not in this program.");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
