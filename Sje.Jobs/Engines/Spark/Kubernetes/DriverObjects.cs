using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>
/// What has to be created for an application to run in cluster mode: what <c>spark-submit</c> would create. Pure: the same application and
/// identity give the same objects. They are JSON and not the client's classes, so that a pod template may hold fields which those do not know.
/// </summary>
/// <param name="Pod">The driver's pod. It waits until <paramref name="Properties"/> is there.</param>
/// <param name="Service">The headless service by which executors find the driver.</param>
/// <param name="Properties">The config map with Spark's properties; to be created last.</param>
/// <param name="Others">Further objects that the pod needs: config maps and claims.</param>
internal sealed record DriverObjects(
    JsonObject Pod,
    JsonObject Service,
    JsonObject Properties,
    IReadOnlyList<JsonObject> Others
)
{
    /// <summary>The annotation with the submission's mark.</summary>
    public const string MarkAnnotation = SparkMark.Property;

    /// <summary>The annotation with the seconds for which a finished driver is kept.</summary>
    public const string KeepAnnotation = "spark.sje.kubernetes.keep";

    /// <summary>The property of a job that says for how many seconds a finished driver's pod is kept; 0 where there is none.</summary>
    public const string KeepProperty = "spark.sje.kubernetes.keepSeconds";

    /// <summary>Stands on every driver of ours.</summary>
    public const string ManagedByLabel = "app.kubernetes.io/managed-by";

    public const string ManagedBy = "sje";

    /// <summary>Spark's label with the application's id: on driver, executors, service and config maps.</summary>
    public const string ApplicationLabel = "spark-app-selector";

    public const string RoleLabel = "spark-role";

    public const string ExecutorLabel = "spark-exec-id";

    public const string DriverContainer = "spark-kubernetes-driver";

    public const string UiPort = "spark-ui";

    /// <summary>The driver's volume of the config map with Spark's properties.</summary>
    public const string ConfigurationVolume = "spark-conf-volume-driver";

    /// <summary>Where small files of this machine are in the driver.</summary>
    public const string FilesFolder = "/opt/sje";

    private const string ConnectPort = "spark-connect";
    private const string ConfFolder = "/opt/spark/conf";
    private const string PropertiesName = "spark.properties";
    private const string TemplateFolder = "/opt/spark/pod-template";
    private const string TemplateName = "pod-spec-template.yml";
    private const string TemplateKey = "podspec-configmap-key";
    private const int ReadableByAll = 420;

    /// <summary>Where the driver finds the executors' pod template.</summary>
    public const string TemplateFile = TemplateFolder + "/" + TemplateName;

    /// <summary>Makes the objects.</summary>
    /// <param name="application">The application; what <paramref name="inline"/> holds is named in it by its place in the driver.</param>
    /// <param name="names">The names.</param>
    /// <param name="mark">The submission's mark.</param>
    /// <param name="inline">Small files for <see cref="FilesFolder"/>, by name.</param>
    /// <exception cref="FormatException">The application's settings cannot be so; the message says which.</exception>
    public static DriverObjects Build(
        SparkApplication application,
        DriverNames names,
        string mark,
        IReadOnlyDictionary<string, byte[]>? inline = null
    )
    {
        var executorTemplate = ExecutorTemplateOf(application);
        var properties = DriverProperties.Of(application, names, mark, executorTemplate is not null);
        var keep = properties.GetValueOrDefault(KeepProperty) ?? "0";
        if (!uint.TryParse(keep, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            throw new FormatException($"{KeepProperty} is '{keep}', and not a number of seconds.");
        }

        var labels = LabelsOf(application, properties);
        var pod = PodTemplate.Start(application.Kubernetes.DriverTemplate, properties);
        pod.Name(names.Pod, names.Namespace);
        pod.Label(labels);
        pod.Label([KeyValuePair.Create(ManagedByLabel, ManagedBy)]);
        pod.Annotate(
            Substituted(DriverProperties.Below(properties, "spark.kubernetes.driver.annotation."), properties)
        );
        pod.Annotate([KeyValuePair.Create(MarkAnnotation, mark), KeyValuePair.Create(KeepAnnotation, keep)]);
        Place(pod, application, properties);
        Contain(pod, application, properties, mark);
        var claims = DriverVolumes.Add(pod, properties, names);
        AddLocalDirs(pod, properties, mark);
        AddConfiguration(pod, names);
        var others = claims.ToList();
        if (executorTemplate is not null)
        {
            pod.Volume(
                new JsonObject
                {
                    ["name"] = "pod-template-volume",
                    ["configMap"] = new JsonObject
                    {
                        ["name"] = names.TemplateMap,
                        ["items"] = new JsonArray(new JsonObject { ["key"] = TemplateKey, ["path"] = TemplateName }),
                    },
                },
                TemplateFolder
            );
            others.Add(
                ConfigMap(names.TemplateMap, names, properties, new JsonObject { [TemplateKey] = executorTemplate })
            );
        }

        if (inline is { Count: > 0 })
        {
            others.Add(FilesMapOf(pod, inline, names, properties));
        }

        return new DriverObjects(
            pod.Finish(),
            ServiceOf(names, properties, labels),
            ConfigMap(
                names.ConfigMap,
                names,
                properties,
                new JsonObject { [PropertiesName] = JavaProperties.Write(properties) }
            ),
            others
        );
    }

    /// <summary>The properties of a built application, as they are in its config map.</summary>
    public string PropertiesText => Properties["data"]![PropertiesName]!.GetValue<string>();

    private static List<KeyValuePair<string, string>> LabelsOf(
        SparkApplication application,
        SortedDictionary<string, string> properties
    )
    {
        var own = new List<KeyValuePair<string, string>>
        {
            KeyValuePair.Create(ApplicationLabel, properties["spark.app.id"]),
            KeyValuePair.Create(RoleLabel, "driver"),
            KeyValuePair.Create("spark-app-name", NameLabel(application.Name)),
        };
        if (application.Installation?.Version is { } version)
        {
            own.Add(KeyValuePair.Create("spark-version", version.ToString()));
        }

        var labels = DriverProperties.Below(properties, "spark.kubernetes.driver.label.").ToList();
        return labels.Find(label => own.Exists(o => o.Key == label.Key)) is { Key: { } taken }
            ? throw new FormatException(
                $"The label {taken} is Spark's own: spark.kubernetes.driver.label.{taken} cannot be."
            )
            : [.. Substituted(labels, properties), .. own];
    }

    private static string NameLabel(string name)
    {
        var label = new StringBuilder();
        foreach (var letter in name.Trim().ToLowerInvariant())
        {
            var plain = char.IsAsciiLetterOrDigit(letter) ? letter : '-';
            if (plain != '-' || label.Length == 0 || label[^1] != '-')
            {
                label.Append(plain);
            }
        }

        const int most = 63;
        var text = label.Length <= most ? label.ToString() : label.ToString(0, most);
        return text.Trim('-') is { Length: > 0 } some ? some : "spark";
    }

    private static IEnumerable<KeyValuePair<string, string>> Substituted(
        IEnumerable<KeyValuePair<string, string>> pairs,
        SortedDictionary<string, string> properties
    ) =>
        pairs.Select(pair =>
            KeyValuePair.Create(
                pair.Key,
                pair.Value.Replace("{{APP_ID}}", properties["spark.app.id"], StringComparison.Ordinal)
                    .Replace("{{EXECUTOR_ID}}", "", StringComparison.Ordinal)
            )
        );

    private static void Place(
        PodTemplate pod,
        SparkApplication application,
        SortedDictionary<string, string> properties
    )
    {
        pod.Spec["restartPolicy"] = "Never";
        if (
            properties.GetValueOrDefault("spark.kubernetes.authenticate.driver.serviceAccountName") is
            { Length: > 0 } account
        )
        {
            pod.Spec["serviceAccount"] = account;
            pod.Spec["serviceAccountName"] = account;
        }

        foreach (var prefix in new[] { "spark.kubernetes.node.selector.", "spark.kubernetes.driver.node.selector." })
        {
            foreach (var (label, value) in DriverProperties.Below(properties, prefix))
            {
                PodTemplate.Object(pod.Spec, "nodeSelector")[label] = value;
            }
        }

        foreach (var toleration in application.Kubernetes.Tolerations)
        {
            PodTemplate.List(pod.Spec, "tolerations").Add(toleration?.DeepClone());
        }

        var secrets = properties.GetValueOrDefault("spark.kubernetes.container.image.pullSecrets") ?? "";
        foreach (
            var secret in secrets.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        )
        {
            PodTemplate.List(pod.Spec, "imagePullSecrets").Add(new JsonObject { ["name"] = secret });
        }

        var scheduler =
            properties.GetValueOrDefault("spark.kubernetes.driver.scheduler.name")
            ?? properties.GetValueOrDefault("spark.kubernetes.scheduler.name");
        if (scheduler is not null)
        {
            pod.Spec["schedulerName"] = scheduler;
        }
    }

    private static void Contain(
        PodTemplate pod,
        SparkApplication application,
        SortedDictionary<string, string> properties,
        string mark
    )
    {
        var container = pod.Container;
        if (container["name"] is null)
        {
            container["name"] = DriverContainer;
        }

        container["image"] =
            properties.GetValueOrDefault("spark.kubernetes.driver.container.image")
            ?? properties.GetValueOrDefault("spark.kubernetes.container.image")
            ?? throw new FormatException(
                "There is no image for the driver: the cluster's profile (image), the job (kubernetes.image) or spark.kubernetes.container.image names it."
            );
        container["imagePullPolicy"] =
            properties.GetValueOrDefault("spark.kubernetes.container.image.pullPolicy") ?? "IfNotPresent";
        AddPort(container, "driver-rpc-port", properties["spark.driver.port"]);
        AddPort(container, "blockmanager", properties["spark.driver.blockManager.port"]);
        AddPort(container, UiPort, properties.GetValueOrDefault("spark.ui.port") ?? "4040");
        AddPort(container, ConnectPort, ConnectPortOf(properties));

        // What the user says of a variable that is Spark's is not heard, as with spark-submit.
        foreach (var (variable, value) in DriverProperties.Below(properties, "spark.kubernetes.driverEnv."))
        {
            pod.Variable(variable, value);
        }

        pod.Variable(
            "SPARK_USER",
            application.ProxyUser ?? (application.Cluster.User is { Length: > 0 } user ? user : Environment.UserName)
        );
        pod.Variable("SPARK_APPLICATION_ID", DriverNames.ApplicationIdOf(mark));
        pod.Variable(
            "SPARK_DRIVER_BIND_ADDRESS",
            new JsonObject
            {
                ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = "status.podIP" },
            }
        );
        if (application.IsPython && properties.GetValueOrDefault("spark.pyspark.python") is var python)
        {
            if (python is not null)
            {
                pod.Variable("PYSPARK_PYTHON", python);
            }

            if ((properties.GetValueOrDefault("spark.pyspark.driver.python") ?? python) is { } own)
            {
                pod.Variable("PYSPARK_DRIVER_PYTHON", own);
            }
        }

        foreach (
            var (variable, reference) in DriverProperties.Below(properties, "spark.kubernetes.driver.secretKeyRef.")
        )
        {
            var colon = reference.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                throw new FormatException(
                    $"spark.kubernetes.driver.secretKeyRef.{variable} is '{reference}', and not SECRET:KEY."
                );
            }

            pod.Variable(
                variable,
                new JsonObject
                {
                    ["secretKeyRef"] = new JsonObject
                    {
                        ["name"] = reference[..colon],
                        ["key"] = reference[(colon + 1)..],
                    },
                }
            );
        }

        AddArguments(container, application);
        DriverResources.Add(container, application.IsPython, properties);
    }

    private static string ConnectPortOf(SortedDictionary<string, string> properties) =>
        properties.GetValueOrDefault("spark.connect.grpc.binding.port") ?? "15002";

    private static void AddPort(JsonObject container, string name, string port)
    {
        if (!ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            throw new FormatException($"'{port}' is no port ({name}).");
        }

        // 0 lets Spark choose one, and then there is none to be told.
        if (number != 0)
        {
            PodTemplate
                .List(container, "ports")
                .Add(
                    new JsonObject
                    {
                        ["name"] = name,
                        ["containerPort"] = number,
                        ["protocol"] = "TCP",
                    }
                );
        }
    }

    private static void AddArguments(JsonObject container, SparkApplication application)
    {
        var arguments = PodTemplate.List(container, "args");
        arguments.Add("driver");
        if (application.ProxyUser is { } user)
        {
            arguments.Add("--proxy-user");
            arguments.Add(user);
        }

        arguments.Add("--properties-file");
        arguments.Add(ConfFolder + "/" + PropertiesName);
        arguments.Add("--class");
        arguments.Add(
            application.IsPython
                ? "org.apache.spark.deploy.PythonRunner"
                : application.MainClass ?? throw new FormatException("spark.mainClass is missing.")
        );
        arguments.Add(application.Resource);
        foreach (var argument in application.Arguments)
        {
            arguments.Add(argument);
        }
    }

    private static void AddLocalDirs(PodTemplate pod, SortedDictionary<string, string> properties, string mark)
    {
        const string prefix = "spark-local-dir-";
        var folders = pod
            .Mounts.Where(mount => mount["name"]?.ToString().StartsWith(prefix, StringComparison.Ordinal) == true)
            .Select(mount => mount["mountPath"]!.ToString())
            .ToList();
        if (folders.Count == 0)
        {
            folders =
            [
                .. (properties.GetValueOrDefault("spark.local.dir") ?? DriverNames.LocalDirOf(mark)).Split(
                    ',',
                    StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
                ),
            ];
            for (var i = 0; i < folders.Count; i++)
            {
                var empty = new JsonObject();
                if (properties.GetValueOrDefault("spark.kubernetes.local.dirs.tmpfs") == "true")
                {
                    empty["medium"] = "Memory";
                }

                pod.Volume(
                    new JsonObject { ["name"] = FormattableString.Invariant($"{prefix}{i + 1}"), ["emptyDir"] = empty },
                    folders[i]
                );
            }
        }

        pod.Variable("SPARK_LOCAL_DIRS", string.Join(',', folders));
    }

    private static void AddConfiguration(PodTemplate pod, DriverNames names)
    {
        pod.Variable("SPARK_CONF_DIR", ConfFolder);
        pod.Volume(
            new JsonObject
            {
                ["name"] = ConfigurationVolume,
                ["configMap"] = new JsonObject
                {
                    ["name"] = names.ConfigMap,
                    ["items"] = new JsonArray(
                        new JsonObject
                        {
                            ["key"] = PropertiesName,
                            ["mode"] = ReadableByAll,
                            ["path"] = PropertiesName,
                        }
                    ),
                },
            },
            ConfFolder
        );
    }

    private static JsonObject FilesMapOf(
        PodTemplate pod,
        IReadOnlyDictionary<string, byte[]> inline,
        DriverNames names,
        SortedDictionary<string, string> properties
    )
    {
        // A key of a config map has fewer letters than a file's name may have.
        var items = new JsonArray();
        var data = new JsonObject();
        foreach (var (name, bytes) in inline.OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            var key = FormattableString.Invariant($"file-{items.Count}");
            items.Add(
                new JsonObject
                {
                    ["key"] = key,
                    ["mode"] = ReadableByAll,
                    ["path"] = name,
                }
            );
            data[key] = Convert.ToBase64String(bytes);
        }

        pod.Volume(
            new JsonObject
            {
                ["name"] = "sje-files",
                ["configMap"] = new JsonObject { ["name"] = names.FilesMap, ["items"] = items },
            },
            FilesFolder
        );
        var map = ConfigMap(names.FilesMap, names, properties, null);
        map["binaryData"] = data;
        return map;
    }

    private static JsonObject ConfigMap(
        string name,
        DriverNames names,
        SortedDictionary<string, string> properties,
        JsonObject? data
    )
    {
        var map = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = Metadata(name, names, properties),
            ["immutable"] = true,
        };
        if (data is not null)
        {
            map["data"] = data;
        }

        return map;
    }

    private static JsonObject Metadata(string name, DriverNames names, SortedDictionary<string, string> properties) =>
        new()
        {
            ["name"] = name,
            ["namespace"] = names.Namespace,
            ["labels"] = new JsonObject { [ApplicationLabel] = properties["spark.app.id"] },
        };

    private static JsonObject ServiceOf(
        DriverNames names,
        SortedDictionary<string, string> properties,
        List<KeyValuePair<string, string>> labels
    )
    {
        var metadata = Metadata(names.Service, names, properties);
        foreach (var (label, value) in DriverProperties.Below(properties, "spark.kubernetes.driver.service.label."))
        {
            metadata["labels"]![label] = value;
        }

        foreach (var (key, value) in DriverProperties.Below(properties, "spark.kubernetes.driver.service.annotation."))
        {
            PodTemplate.Object(metadata, "annotations")[key] = value;
        }

        var families = properties.GetValueOrDefault("spark.kubernetes.driver.service.ipFamilies") ?? "IPv4";
        var ports = new JsonArray();
        AddPort("driver-rpc-port", properties["spark.driver.port"]);
        AddPort("blockmanager", properties["spark.driver.blockManager.port"]);
        AddPort(UiPort, properties.GetValueOrDefault("spark.ui.port") ?? "4040");
        AddPort(ConnectPort, ConnectPortOf(properties));
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Service",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject
            {
                ["clusterIP"] = "None",
                ["ipFamilyPolicy"] =
                    properties.GetValueOrDefault("spark.kubernetes.driver.service.ipFamilyPolicy") ?? "SingleStack",
                ["ipFamilies"] = new JsonArray([
                    .. families.Split(',').Select(family => JsonValue.Create(family.Trim())),
                ]),
                ["selector"] = new JsonObject(
                    labels.Select(label => KeyValuePair.Create(label.Key, (JsonNode?)JsonValue.Create(label.Value)))
                ),
                ["ports"] = ports,
            },
        };

        void AddPort(string name, string port)
        {
            var number = int.Parse(port, NumberStyles.None, CultureInfo.InvariantCulture);
            if (number != 0)
            {
                ports.Add(
                    new JsonObject
                    {
                        ["name"] = name,
                        ["port"] = number,
                        ["targetPort"] = number,
                    }
                );
            }
        }
    }

    /// <summary>The template for executors with what Spark has no property for; null where there is nothing of the kind.</summary>
    private static string? ExecutorTemplateOf(SparkApplication application)
    {
        var settings = application.Kubernetes;
        if (settings.ExecutorTemplate is null && settings.Tolerations.Count == 0)
        {
            return null;
        }

        // JSON is YAML, too.
        return WithTolerations(settings.ExecutorTemplate, settings).ToJsonString();
    }

    /// <summary>A pod template, or an empty one, with the job's tolerations.</summary>
    public static JsonObject WithTolerations(JsonObject? template, SparkKubernetesSettings settings)
    {
        var result = template?.DeepClone().AsObject() ?? [];
        result["apiVersion"] ??= "v1";
        result["kind"] ??= "Pod";
        foreach (var toleration in settings.Tolerations)
        {
            PodTemplate.List(PodTemplate.Object(result, "spec"), "tolerations").Add(toleration?.DeepClone());
        }

        return result;
    }
}
