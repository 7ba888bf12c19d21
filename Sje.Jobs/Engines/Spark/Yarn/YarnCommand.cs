using System.Globalization;
using System.Text;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Yarn;

/// <summary>
/// The command that a node runs for a driver. Spark's ApplicationMaster reads its properties and the list of the executors' files from two files;
/// the command itself writes them into the container, which keeps them off the process list and leaves nothing behind anywhere.
/// </summary>
internal static class YarnCommand
{
    private const string PropertiesFile = "__sje__.properties";
    private const string CacheFile = "__sje_cache__.properties";

    private static readonly string[] OwnJavaOptions =
    [
        "spark.driver.defaultJavaOptions",
        "spark.driver.extraJavaOptions",
    ];

    // From Spark's JavaModuleOptions. A Java that does not know one of them passes over it.
    private static readonly string[] JavaOptions =
    [
        "-XX:+IgnoreUnrecognizedVMOptions",
        "--add-modules=jdk.incubator.vector",
        .. new[]
        {
            "java.lang",
            "java.lang.invoke",
            "java.lang.reflect",
            "java.io",
            "java.net",
            "java.nio",
            "java.util",
            "java.util.concurrent",
            "java.util.concurrent.atomic",
            "jdk.internal.ref",
            "sun.nio.ch",
            "sun.nio.cs",
            "sun.security.action",
            "sun.util.calendar",
        }.Select(package => $"--add-opens=java.base/{package}=ALL-UNNAMED"),
        "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
        "-Djdk.reflect.useDirectMethodHandle=false",
        "-Dio.netty.tryReflectionSetAccessible=true",
    ];

    /// <summary>The command.</summary>
    public static string Of(
        SparkApplication application,
        string applicationId,
        YarnSizing sizing,
        YarnFiles files,
        SortedDictionary<string, string> properties,
        IReadOnlyList<(YarnResource Resource, (long Size, long Timestamp) Status)> resources
    )
    {
        List<string> words =
        [
            "{{JAVA_HOME}}/bin/java",
            "-server",
            $"-Xmx{sizing.DriverHeapMiB.ToString(CultureInfo.InvariantCulture)}m",
            "-Djava.io.tmpdir={{PWD}}/tmp",
            .. JavaOptions,
            .. JavaOptionsOf(application, applicationId).Select(YarnShell.Word),
            "-Dspark.yarn.app.container.log.dir=<LOG_DIR>",
            "org.apache.spark.deploy.yarn.ApplicationMaster",
        ];
        if (application.IsPython)
        {
            words.AddRange(
                "--class",
                "org.apache.spark.deploy.PythonRunner",
                "--primary-py-file",
                YarnShell.Word(files.Main)
            );
        }
        else
        {
            words.AddRange(
                "--class",
                YarnShell.Word(application.MainClass ?? ""),
                "--jar",
                YarnShell.Word(files.Main == YarnFiles.ApplicationJar ? files.Main : "file:" + files.Main)
            );
        }

        foreach (var argument in application.Arguments)
        {
            words.AddRange("--arg", YarnShell.Word(argument));
        }

        words.AddRange("--properties-file", PropertiesFile, "--dist-cache-conf", CacheFile);
        var lines = properties.Select(property =>
            Escape(property.Key).Replace(" ", "\\ ", StringComparison.Ordinal) + "=" + Escape(property.Value)
        );
        return $"{Print(lines, PropertiesFile)} && {Print(CacheLines(resources), CacheFile)} && exec {string.Join(' ', words)} 1><LOG_DIR>/stdout 2><LOG_DIR>/stderr";
    }

    private static string Print(IEnumerable<string> lines, string file) =>
        $"(umask 077; printf '%s\\\\n' {string.Join(' ', lines.Select(YarnShell.Word))} > {file})";

    private static IEnumerable<string> JavaOptionsOf(SparkApplication application, string applicationId) =>
        OwnJavaOptions
            .SelectMany(name => SplitWords(application.Properties.GetValueOrDefault(name, "")))
            .Select(option => option.Replace("{{APP_ID}}", applicationId, StringComparison.Ordinal));

    /// <summary>Splits options as Spark does: blanks part them; quotes keep together; a backslash takes the next character in double quotes and outside.</summary>
    private static List<string> SplitWords(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (inWord, quote) = (false, '\0');
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\' && quote != '\'' && i + 1 < text.Length)
            {
                word.Append(text[++i]);
                inWord = true;
            }
            else if (quote == '\0' && c is '"' or '\'')
            {
                (quote, inWord) = (c, true);
            }
            else if (quote != '\0' && c == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (inWord)
                {
                    words.Add(word.ToString());
                    word.Clear();
                    inWord = false;
                }
            }
            else
            {
                word.Append(c);
                inWord = true;
            }
        }

        if (inWord)
        {
            words.Add(word.ToString());
        }

        return words;
    }

    // How the driver tells executors what files they get; only where there are any, for Spark reads all of the lists or none.
    private static List<string> CacheLines(
        IEnumerable<(YarnResource Resource, (long Size, long Timestamp) Status)> resources
    )
    {
        var shared = resources.Where(r => !r.Resource.DriverOnly).ToList();
        if (shared.Count == 0)
        {
            return ["# none"];
        }

        string Line(string name, Func<(YarnResource Resource, (long Size, long Timestamp) Status), string> value) =>
            $"spark.yarn.cache.{name}={Escape(string.Join(',', shared.Select(value)))}";
        return
        [
            Line(
                "filenames",
                r => r.Resource.Uri + "#" + string.Join('/', r.Resource.Link.Split('/').Select(Uri.EscapeDataString))
            ),
            Line("sizes", r => r.Status.Size.ToString(CultureInfo.InvariantCulture)),
            Line("timestamps", r => r.Status.Timestamp.ToString(CultureInfo.InvariantCulture)),
            Line("visibilities", _ => "PRIVATE"),
            Line("types", r => r.Resource.Type),
        ];
    }

    /// <summary>A key or value of Java's properties format.</summary>
    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\\' or ':' or '=' or '#' or '!' => escaped.Append('\\').Append(c),
                '\n' => escaped.Append("\\n"),
                '\r' => escaped.Append("\\r"),
                '\t' => escaped.Append("\\t"),
                < ' ' or > '~' => escaped.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                _ => escaped.Append(c),
            };
        }

        return escaped.ToString();
    }
}
