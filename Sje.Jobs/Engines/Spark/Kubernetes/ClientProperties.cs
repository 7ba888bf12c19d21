using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>
/// What <c>spark-submit</c> is told for an application on Kubernetes beside the application's own properties: the driver's name, and all that a
/// job or profile says in a field of its own. What has no property goes by pod templates.
/// </summary>
internal static class ClientProperties
{
    /// <summary>Where <c>spark-submit</c> puts files of this machine.</summary>
    public const string UploadPath = "spark.kubernetes.file.upload.path";

    private const string Submission = "spark.kubernetes.authenticate.submission.";

    /// <summary>The properties. Pod templates are written to <paramref name="folder"/>.</summary>
    public static IReadOnlyDictionary<string, string> Of(
        SparkApplication application,
        DriverNames names,
        string mark,
        string folder
    )
    {
        var (own, settings, cluster) = (application.Properties, application.Kubernetes, application.Cluster);
        var result = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [SparkMark.Property] = mark,
            ["spark.kubernetes.namespace"] = names.Namespace,
            ["spark.kubernetes.driver.pod.name"] = names.Pod,
            ["spark.kubernetes.executor.podNamePrefix"] = names.Prefix,
            ["spark.kubernetes.submission.waitAppCompletion"] = "false",
            ["spark.kubernetes.driver.annotation." + DriverObjects.MarkAnnotation] = mark,
            ["spark.kubernetes.driver.annotation." + DriverObjects.KeepAnnotation] =
                own.GetValueOrDefault(DriverObjects.KeepProperty) ?? "0",
            ["spark.kubernetes.driver.label." + DriverObjects.ManagedByLabel] = DriverObjects.ManagedBy,
        };
        // As in a submission of our own.
        Default("spark.kubernetes.driver.annotateExitException", "true");
        Default("spark.kubernetes.executor.deleteOnTermination", "false");
        Prefer("spark.kubernetes.container.image", settings.Image, cluster.Image);
        Prefer(
            "spark.kubernetes.authenticate.driver.serviceAccountName",
            settings.ServiceAccount,
            cluster.ServiceAccount
        );
        if (cluster.Kubeconfig is not { Length: > 0 })
        {
            Prefer(Submission + "oauthTokenFile", null, cluster.TokenFile);
            Prefer(Submission + "caCertFile", null, cluster.CaCertFile);
        }

        foreach (var (label, value) in settings.NodeSelector)
        {
            result["spark.kubernetes.node.selector." + label] = value;
        }

        foreach (var (label, value) in settings.ExecutorNodeSelector)
        {
            result["spark.kubernetes.executor.node.selector." + label] = value;
        }

        foreach (var (variable, value) in application.Environment)
        {
            result["spark.kubernetes.driverEnv." + variable] = value;
        }

        Write(DriverProperties.PodTemplateFile, "driver.json", settings.DriverTemplate);
        Write(DriverProperties.ExecutorPodTemplateFile, "executor.json", settings.ExecutorTemplate);
        return result;

        void Default(string property, string value)
        {
            if (!own.ContainsKey(property))
            {
                result[property] = value;
            }
        }

        // The job's word, else a property, else the profile's.
        void Prefer(string property, string? job, string? profile)
        {
            if (job is not null)
            {
                result[property] = job;
            }
            else if (profile is { Length: > 0 })
            {
                Default(property, profile);
            }
        }

        void Write(string property, string name, JsonObject? template)
        {
            if (template is null && settings.Tolerations.Count == 0)
            {
                return;
            }

            if (template is null && own.ContainsKey(property))
            {
                throw new FormatException(
                    $"{property} and 'kubernetes.tolerations' cannot go together through spark-submit: write the tolerations into the template."
                );
            }

            var path = Path.Combine(folder, name);
            // JSON is YAML, too.
            File.WriteAllText(path, DriverObjects.WithTolerations(template, settings).ToJsonString());
            result[property] = path;
        }
    }

    /// <summary>The application without all that only <c>spark-submit</c> can do, to ask whether a driver may be made at all.</summary>
    public static SparkApplication Plain(SparkApplication application) =>
        application with
        {
            Way = SubmissionWay.Rest,
            DeployMode = "cluster",
            Resource = application.IsPython ? "local:///application.py" : "local:///application.jar",
            Jars = [],
            PyFiles = [],
            Files = [],
            Archives = [],
            Packages = [],
            Principal = null,
            Keytab = null,
            Properties = application
                .Properties.Where(property => !Coverage.NeedsSparkSubmit(property.Key))
                .ToDictionary(property => property.Key, property => property.Value, StringComparer.Ordinal),
        };
}
