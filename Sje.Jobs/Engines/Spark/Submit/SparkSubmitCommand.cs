using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Execution;

namespace Sje.Jobs.Engines.Spark.Submit;

/// <summary>The command line of <c>spark-submit</c> for an application, and its environment.</summary>
internal static class SparkSubmitCommand
{
    // Of our own environment only what Spark's scripts look at.
    private static readonly string[] Passed =
    [
        "SPARK_LOCAL_IP",
        "SPARK_LOCAL_DIRS",
        "SPARK_CONF_DIR",
        "HADOOP_CONF_DIR",
        "YARN_CONF_DIR",
        "HADOOP_USER_NAME",
        "KRB5_CONFIG",
        "KRB5CCNAME",
        "PYSPARK_PYTHON",
        "PYSPARK_DRIVER_PYTHON",
    ];

    /// <summary>The command. The application must have an installation.</summary>
    /// <param name="application">What to submit.</param>
    /// <param name="more">Properties beside the application's own; they win.</param>
    /// <param name="workingDirectory">Where it runs; must exist.</param>
    public static TaskCommand Of(
        SparkApplication application,
        IReadOnlyDictionary<string, string> more,
        string workingDirectory
    )
    {
        var installation =
            application.Installation
            ?? throw new FormatException(
                "This worker has no Spark (section 'spark.installations', or SPARK_HOME), and the application cannot be submitted without one."
            );
        return new TaskCommand
        {
            Arguments = [Path.Combine(installation.Home, "bin", "spark-submit"), .. Arguments(application, more)],
            Environment = EnvironmentOf(application, installation),
            WorkingDirectory = workingDirectory,
        };
    }

    /// <summary>The words after <c>spark-submit</c>.</summary>
    public static IReadOnlyList<string> Arguments(
        SparkApplication application,
        IReadOnlyDictionary<string, string> more
    )
    {
        var words = new List<string>();
        void Option(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                words.Add(name);
                words.Add(value);
            }
        }

        Option("--master", application.Cluster.Master);
        Option("--deploy-mode", application.DeployMode);
        Option("--name", application.Name);
        Option("--class", application.MainClass);
        Option("--jars", string.Join(',', application.Jars));
        Option("--py-files", string.Join(',', application.PyFiles));
        Option("--files", string.Join(',', application.Files));
        Option("--archives", string.Join(',', application.Archives));
        Option("--packages", string.Join(',', application.Packages));
        Option("--exclude-packages", string.Join(',', application.ExcludePackages));
        Option("--repositories", string.Join(',', application.Repositories));
        Option("--principal", application.Principal);
        Option("--keytab", application.Keytab);
        Option("--proxy-user", application.ProxyUser);
        Option("--queue", application.Queue);
        foreach (
            var (name, value) in application
                .Properties.Where(property => !more.ContainsKey(property.Key))
                .Concat(more)
                .OrderBy(property => property.Key, StringComparer.Ordinal)
        )
        {
            words.Add("--conf");
            words.Add($"{name}={value}");
        }

        foreach (var (name, value) in application.Environment)
        {
            words.AddRange(["--conf", $"spark.executorEnv.{name}={value}"]);
        }

        words.Add(application.Resource);
        words.AddRange(application.Arguments);
        return words;
    }

    private static Dictionary<string, string> EnvironmentOf(
        SparkApplication application,
        SparkInstallation installation
    )
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in Passed)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
            {
                result[name] = value;
            }
        }

        result["SPARK_HOME"] = installation.Home;
        if ((installation.JavaHome ?? Environment.GetEnvironmentVariable("JAVA_HOME")) is { Length: > 0 } java)
        {
            result["JAVA_HOME"] = java;
        }

        if (installation.Python is { } python)
        {
            result["PYSPARK_PYTHON"] = python;
        }

        if (application.Cluster.HadoopConfDir is { } hadoop)
        {
            result["HADOOP_CONF_DIR"] = hadoop;
        }

        if (application.Cluster.User is { Length: > 0 } user && application.Principal is null)
        {
            // The name that our own calls to the cluster carry: else the one would not be let at what the other has submitted.
            result["HADOOP_USER_NAME"] = user;
        }

        if (application.Cluster.Kubeconfig is { Length: > 0 } kubeconfig)
        {
            result["KUBECONFIG"] = Path.GetFullPath(kubeconfig);
        }

        foreach (var (name, value) in application.Environment)
        {
            result[name] = value;
        }

        return result;
    }
}
