using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>
/// Files of this machine that an application names. Small ones travel in a config map; <c>spark-submit</c> has to upload the others. A
/// <c>local:</c> address is a file of the image, and any other the driver fetches by itself.
/// </summary>
internal static class LocalFiles
{
    /// <summary>What all of them may have together: a config map may have 1 MiB.</summary>
    public const int MostBytes = 900 * 1024;

    private const int MostTemplateBytes = 256 * 1024;

    /// <summary>Whether all of them fit.</summary>
    public static bool Fit(SparkApplication application, out string? why)
    {
        long sum = 0;
        foreach (var path in All(application).Select(PathOf).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            var file = new FileInfo(path);
            // A missing one is told where it is to be read.
            sum += file.Exists ? file.Length : 0;
            if (sum > MostBytes)
            {
                why =
                    $"the files of this machine that it names have more than {MostBytes / 1024} KiB, and have to be uploaded";
                return false;
            }
        }

        why = null;
        return true;
    }

    /// <summary>Reads them. Returns the application with their places in the driver, and the files by name.</summary>
    /// <exception cref="FormatException">One cannot be read.</exception>
    public static (SparkApplication Application, IReadOnlyDictionary<string, byte[]> Inline) Gather(
        SparkApplication application
    )
    {
        var places = new Dictionary<string, string>(StringComparer.Ordinal);
        var inline = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var moved = WithTemplates(application) with
        {
            // Python is run where it lies; all else is handed on to executors, from the driver.
            Resource = Moved(application.Resource, application.IsPython ? "local://" : "file://"),
            Jars = MovedAll(application.Jars),
            PyFiles = MovedAll(application.PyFiles),
            Files = MovedAll(application.Files),
            Archives = MovedAll(application.Archives),
        };
        return (moved, inline);

        IReadOnlyList<string> MovedAll(IReadOnlyList<string> files) =>
            [.. files.Select(file => Moved(file, "file://"))];

        string Moved(string file, string scheme)
        {
            if (PathOf(file) is not { } path)
            {
                return file;
            }

            if (!places.TryGetValue(path, out var name))
            {
                name = Path.GetFileName(path);
                if (inline.ContainsKey(name))
                {
                    name = FormattableString.Invariant($"{places.Count}/{name}");
                }

                inline[name] = Read(path);
                places[path] = name;
            }

            var alias = file.IndexOf('#', StringComparison.Ordinal);
            return $"{scheme}{DriverObjects.FilesFolder}/{Uri.EscapeDataString(name).Replace("%2F", "/", StringComparison.Ordinal)}{(alias < 0 ? "" : file[alias..])}";
        }
    }

    /// <summary>A file of this machine that the application names; null for none.</summary>
    public static string? First(SparkApplication application) =>
        All(application).Select(PathOf).FirstOrDefault(path => path is not null);

    private static IEnumerable<string> All(SparkApplication application) =>
        [
            application.Resource,
            .. application.Jars,
            .. application.PyFiles,
            .. application.Files,
            .. application.Archives,
        ];

    /// <summary>The path of a file of this machine; null for anything else.</summary>
    private static string? PathOf(string file)
    {
        const string scheme = "file:";
        var path = file.StartsWith(scheme, StringComparison.Ordinal)
            ? "/" + file[scheme.Length..].TrimStart('/')
            : file;
        if (!Path.IsPathRooted(path))
        {
            return null;
        }

        var alias = path.IndexOf('#', StringComparison.Ordinal);
        return alias < 0 ? path : path[..alias];
    }

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException(
                $"The file {path} cannot be read here ({e.Message}). If it is a file of the image, its address is local://{path}."
            );
        }
    }

    /// <summary>Takes the pod templates that properties name as files; a job's own win.</summary>
    private static SparkApplication WithTemplates(SparkApplication application)
    {
        var properties = application.Properties;
        var settings = application.Kubernetes;
        if (
            !properties.ContainsKey(DriverProperties.PodTemplateFile)
            && !properties.ContainsKey(DriverProperties.ExecutorPodTemplateFile)
        )
        {
            return application;
        }

        return application with
        {
            Kubernetes = settings with
            {
                DriverTemplate = settings.DriverTemplate ?? TemplateOf(DriverProperties.PodTemplateFile),
                ExecutorTemplate = settings.ExecutorTemplate ?? TemplateOf(DriverProperties.ExecutorPodTemplateFile),
            },
            Properties = properties
                .Where(p => p.Key is not (DriverProperties.PodTemplateFile or DriverProperties.ExecutorPodTemplateFile))
                .ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal),
        };

        JsonObject? TemplateOf(string property)
        {
            if (!properties.TryGetValue(property, out var file))
            {
                return null;
            }

            var path = PathOf(file) ?? throw new FormatException($"{property}: '{file}' is no file of this machine.");
            var document = DocumentReader.Read(Read(path), JobFormat.Auto, MostTemplateBytes);
            return document.Root as JsonObject
                ?? throw new FormatException(
                    $"{property}: {path} holds no pod. {string.Join(" ", document.Faults.Select(fault => fault.Detail))}".TrimEnd()
                );
        }
    }
}
