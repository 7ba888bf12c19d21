using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Yarn;

/// <summary>Where a file of an application is.</summary>
internal enum YarnFilePlace
{
    /// <summary>At a path that the nodes reach; they copy it into the container.</summary>
    Shared,

    /// <summary>Already on each node (<c>local:</c>).</summary>
    Node,

    /// <summary>In a store that only Spark's own client can ask.</summary>
    Elsewhere,
}

/// <summary>A file as a job names it: a path or URI, and after <c>#</c> the name that it gets.</summary>
internal sealed record YarnFile(string Written, YarnFilePlace Place, string Path, string? Alias)
{
    /// <summary>The name it has in a container.</summary>
    public string Link => Alias ?? System.IO.Path.GetFileName(Path);

    public static YarnFile Parse(string written)
    {
        var text = written.Trim();
        var hash = text.LastIndexOf('#');
        var alias = hash < 0 || hash == text.Length - 1 ? null : text[(hash + 1)..];
        var body = hash < 0 ? text : text[..hash];
        var colon = body.IndexOf(':', StringComparison.Ordinal);
        var scheme =
            colon > 0 && body[..colon].All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.')
                ? body[..colon]
                : "";
        return scheme switch
        {
            "" => new(text, YarnFilePlace.Shared, body, alias),
            "file" => new(text, YarnFilePlace.Shared, PathOf(body[(colon + 1)..]), Unescape(alias)),
            "local" => new(text, YarnFilePlace.Node, PathOf(body[(colon + 1)..]), Unescape(alias)),
            _ => new(text, YarnFilePlace.Elsewhere, body, alias),
        };
    }

    // file:/x, file:///x and file://localhost/x.
    private static string PathOf(string rest)
    {
        if (rest.StartsWith("//", StringComparison.Ordinal))
        {
            var slash = rest.IndexOf('/', 2);
            rest = slash < 0 ? "/" : rest[slash..];
        }

        return Uri.UnescapeDataString(rest);
    }

    private static string? Unescape(string? alias) => alias is null ? null : Uri.UnescapeDataString(alias);
}

/// <summary>What a container gets by YARN's hands.</summary>
/// <param name="Link">Its path in the container.</param>
/// <param name="Path">Where it is.</param>
/// <param name="IsArchive">Whether it is unpacked.</param>
/// <param name="DriverOnly">Whether executors need it not.</param>
internal sealed record YarnResource(string Link, string Path, bool IsArchive, bool DriverOnly)
{
    public string Type => IsArchive ? "ARCHIVE" : "FILE";

    public string Uri =>
        "file://" + string.Join('/', Path.Split('/').Select(part => System.Uri.EscapeDataString(part)));
}

/// <summary>All files of an application, sorted by how they come into its containers.</summary>
internal sealed class YarnFiles
{
    /// <summary>The link of an application's jar, which Spark looks for.</summary>
    public const string ApplicationJar = "__app__.jar";

    /// <summary>The folder of single Python files.</summary>
    public const string PythonFolder = "__pyfiles__";

    /// <summary>The folder of an unpacked <c>spark.yarn.archive</c>.</summary>
    public const string SparkFolder = "__spark_libs__";

    private readonly List<YarnResource> resources = [];
    private readonly List<string> faults = [];

    private YarnFiles() { }

    public IReadOnlyList<YarnResource> Resources => resources;

    /// <summary>What cannot work, in words.</summary>
    public IReadOnlyList<string> Faults => faults;

    /// <summary>The file to run as the driver sees it: a link, or a path on the node.</summary>
    public string Main { get; private set; } = "";

    /// <summary>The other jars, as <c>spark.yarn.secondary.jars</c> names them.</summary>
    public List<string> SecondaryJars { get; } = [];

    /// <summary>Entries for <c>PYTHONPATH</c>, as YARN's text.</summary>
    public List<string> PythonPath { get; } = [];

    /// <summary>The names that the job and its properties give, in the order of jar, jars, Python files, files, archives.</summary>
    public static IEnumerable<string> Named(SparkApplication application) =>
        [
            application.Resource,
            .. Jars(application),
            .. PyFiles(application),
            .. Files(application),
            .. Archives(application),
            .. List(application, "spark.yarn.archive"),
        ];

    /// <summary>Sorts them.</summary>
    public static YarnFiles Of(SparkApplication application)
    {
        var files = new YarnFiles();
        var main = YarnFile.Parse(application.Resource);
        if (main.Place == YarnFilePlace.Node)
        {
            files.Main = main.Path;
        }
        else
        {
            // An executor of a Python application needs its jars, never its first file.
            files.Main = application.IsPython ? main.Link : ApplicationJar;
            files.Add(files.Main, main, isArchive: false, driverOnly: application.IsPython);
        }

        foreach (var jar in Jars(application).Select(YarnFile.Parse))
        {
            if (jar.Place == YarnFilePlace.Node)
            {
                files.SecondaryJars.Add("local:" + jar.Path);
                continue;
            }

            // Nobody looks for a jar by its name, so that two of one name can both be there.
            var link = jar.Link;
            for (var n = 2; files.resources.Any(other => other.Link == link && other.Path != jar.Path); n++)
            {
                link = $"{n}-{jar.Link}";
            }

            if (files.Add(link, jar, isArchive: false, driverOnly: false))
            {
                files.SecondaryJars.Add(Uri.EscapeDataString(link));
            }
        }

        foreach (var file in PyFiles(application).Select(YarnFile.Parse))
        {
            files.AddPython(file);
        }

        foreach (var file in Files(application).Select(YarnFile.Parse).Where(f => f.Place != YarnFilePlace.Node))
        {
            files.Add(file.Link, file, isArchive: false, driverOnly: false);
        }

        foreach (var file in Archives(application).Select(YarnFile.Parse).Where(f => f.Place != YarnFilePlace.Node))
        {
            files.Add(file.Link, file, isArchive: true, driverOnly: false);
        }

        foreach (var file in List(application, "spark.yarn.archive").Select(YarnFile.Parse))
        {
            files.Add(SparkFolder, file, isArchive: true, driverOnly: false);
        }

        return files;
    }

    private static IEnumerable<string> Jars(SparkApplication application) =>
        Distinct(application.Jars, List(application, "spark.jars"), List(application, "spark.yarn.dist.jars"));

    private static IEnumerable<string> PyFiles(SparkApplication application) =>
        Distinct(
            application.PyFiles,
            List(application, "spark.submit.pyFiles"),
            List(application, "spark.yarn.dist.pyFiles")
        );

    private static IEnumerable<string> Files(SparkApplication application) =>
        Distinct(application.Files, List(application, "spark.files"), List(application, "spark.yarn.dist.files"));

    private static IEnumerable<string> Archives(SparkApplication application) =>
        Distinct(
            application.Archives,
            List(application, "spark.archives"),
            List(application, "spark.yarn.dist.archives")
        );

    private static IEnumerable<string> Distinct(params IReadOnlyList<string>[] lists) =>
        lists.SelectMany(list => list).Distinct(StringComparer.Ordinal);

    private static string[] List(SparkApplication application, string property) =>
        application
            .Properties.GetValueOrDefault(property, "")
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private void AddPython(YarnFile file)
    {
        var single = file.Path.EndsWith(".py", StringComparison.Ordinal);
        string entry;
        if (file.Place == YarnFilePlace.Node)
        {
            entry = YarnShell.Value((single ? Path.GetDirectoryName(file.Path) : file.Path) ?? "/");
        }
        else
        {
            Add(single ? $"{PythonFolder}/{file.Link}" : file.Link, file, isArchive: false, driverOnly: false);
            entry = single ? "{{PWD}}/" + PythonFolder : "{{PWD}}/" + file.Link;
        }

        if (!PythonPath.Contains(entry))
        {
            PythonPath.Add(entry);
        }
    }

    private bool Add(string link, YarnFile file, bool isArchive, bool driverOnly)
    {
        if (!link.Split('/').All(YarnShell.IsFileName) || !YarnShell.IsFileName(Path.GetFileName(file.Path)))
        {
            faults.Add($"{file.Written}: YARN's launch script cannot handle this name.");
            return false;
        }

        if (link.StartsWith(PythonFolder, StringComparison.Ordinal) && link.Contains(' ', StringComparison.Ordinal))
        {
            faults.Add($"{file.Written}: YARN's launch script cannot handle a name with a space here.");
            return false;
        }

        var resource = new YarnResource(link, file.Path, isArchive, driverOnly);
        for (var i = 0; i < resources.Count; i++)
        {
            if (resources[i].Link != link)
            {
                continue;
            }

            if (resources[i].Path != file.Path || resources[i].IsArchive != isArchive)
            {
                faults.Add(
                    $"{file.Written}: {resources[i].Path} comes into the container under the same name, {link}. Give one another name with #."
                );
            }
            else
            {
                resources[i] = resources[i] with { DriverOnly = resources[i].DriverOnly && driverOnly };
            }

            return false;
        }

        resources.Add(resource);
        return true;
    }
}
