using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Kubernetes;
using Sje.Tests.Chaos;
using Sje.Tests.Support.Clusters;
using static Sje.Tests.Integration.Engines.Spark.Kubernetes.KubernetesApplications;

namespace Sje.Tests.Integration.Engines.Spark.Kubernetes;

/// <summary>
/// The real <c>spark-submit</c> and we submit the same application to the same API server, to a machine that is not there. Then what the API
/// server has of both is compared field by field. What may differ stands below, with the reason.
/// </summary>
[Collection(Alone.Name)]
public sealed partial class SparkSubmitComparisonTests : IDisposable
{
    /// <summary>Fields that differ, as "object path", and why.</summary>
    private static readonly (string Path, string Why)[] Allowed =
    [
        (
            "Pod /metadata/labels/app.kubernetes.io~1managed-by",
            "by it drivers of ours are found that nobody cleaned up"
        ),
        ("Pod /metadata/annotations/spark.sje.task", "the submission's mark, to tell our pod from a stranger's"),
        ("Pod /metadata/annotations/spark.sje.kubernetes.keep", "how long a finished driver is kept"),
        ("TemplateMap /metadata/labels", "Spark's own label, so that leftovers are found by the application's id"),
        ("ConfigMap /metadata/labels", "Spark's own label, so that leftovers are found by the application's id"),
        (
            "ConfigMap /data/spark.kubernetes.namespace",
            "Spark hands the namespace to its builder through the map of files, and it stays in there; nothing reads it"
        ),
        ("Pod /spec/volumes/spark-conf-volume-driver/configMap/items", "the entry for that"),
        (
            "properties spark.kubernetes.authenticate.submission",
            "the submitter's credentials: the driver has its service account"
        ),
        ("properties spark.kubernetes.submission.waitAppCompletion", "the submitter's own business"),
        ("properties spark.kubernetes.driver.podTemplateFile", "a path on the submitter's machine"),
        ("properties spark.kubernetes.executor.podNamePrefix", "so that names of executors follow from the identity"),
        ("properties spark.kubernetes.executor.deleteOnTermination", "an executor that is deleted takes its log along"),
        ("properties spark.kubernetes.driver.annotateExitException", "so that the pod says why the driver failed"),
        ("properties spark.sje.task", "the submission's mark"),
        ("properties spark.submit.pyFiles: spark-submit \"\"", "an empty list says as much as none"),
        ("properties spark.app.submitTime", "spark-submit's clock; the driver's own spark-submit sets it again"),
    ];

    private readonly string folder = Directory.CreateTempSubdirectory("sje-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("python")]
    [InlineData("java")]
    public async Task What_we_create_is_what_spark_submit_creates(string kind)
    {
        var cluster = await KubernetesCluster.StartedAsync();
        using var spark = new KubernetesSparkCluster("k8s", cluster.Profile, TimeProvider.System);
        var application = ApplicationOf(cluster, kind);
        var theirName = $"theirs-{Guid.NewGuid():N}"[..20] + "-driver";
        await SparkSubmitAsync(cluster, application, theirName);
        var submission = await SubmitAsync(spark, application);
        var ourName = DriverNames.Of(submission.Identity).Pod;

        var theirs = await ObjectsAsync(cluster, theirName);
        var ours = await ObjectsAsync(cluster, ourName);
        var differences = new List<string>();
        Assert.Equal(theirs.Keys.Order(), ours.Keys.Order());
        foreach (var (name, expected) in theirs)
        {
            Compare(name + " ", "", expected, ours[name], differences);
        }

        var surprising = differences.Where(d =>
            !Array.Exists(Allowed, a => d.StartsWith(a.Path, StringComparison.Ordinal))
        );
        Assert.True(!surprising.Any(), string.Join('\n', surprising));

        await cluster.Admin.SendAsync<JsonObject>(
            HttpMethod.Delete,
            $"api/v1/namespaces/{KubernetesCluster.Space}/pods/{theirName}",
            null,
            CancellationToken.None
        );
        await spark.KillAsync(submission, CancellationToken.None);
    }

    private SparkApplication ApplicationOf(KubernetesCluster cluster, string kind)
    {
        const string volumes = "spark.kubernetes.driver.volumes.";
        var properties = new Dictionary<string, string>
        {
            ["spark.kubernetes.node.selector.planet"] = "mars",
            ["spark.kubernetes.driver.node.selector.moon"] = "phobos",
            ["spark.kubernetes.executor.node.selector.spot"] = "true",
            ["spark.driver.memory"] = "4g",
            ["spark.driver.cores"] = "2",
            ["spark.kubernetes.driver.limit.cores"] = "3",
            ["spark.kubernetes.driver.label.team"] = "blue",
            ["spark.kubernetes.driver.annotation.note"] = "of {{APP_ID}}",
            ["spark.kubernetes.driver.service.label.team"] = "red",
            ["spark.kubernetes.driver.service.annotation.note"] = "svc",
            ["spark.kubernetes.executor.label.team"] = "green",
            ["spark.kubernetes.driverEnv.COLOUR"] = "blue",
            ["spark.executorEnv.COLOUR"] = "green",
            ["spark.kubernetes.driver.secretKeyRef.PASSWORD"] = "db:password",
            ["spark.kubernetes.driver.secrets.certs"] = "/etc/certs",
            ["spark.kubernetes.container.image.pullSecrets"] = "registry",
            ["spark.kubernetes.container.image.pullPolicy"] = "Always",
            [volumes + "hostPath.data.mount.path"] = "/data",
            [volumes + "hostPath.data.mount.readOnly"] = "true",
            [volumes + "hostPath.data.options.path"] = "/tmp",
            [volumes + "emptyDir.scratch.mount.path"] = "/scratch",
            [volumes + "emptyDir.scratch.options.sizeLimit"] = "1Gi",
            [volumes + "persistentVolumeClaim.work.mount.path"] = "/work",
            [volumes + "persistentVolumeClaim.work.mount.subPath"] = "here",
            [volumes + "persistentVolumeClaim.work.options.claimName"] = "a-claim",
            ["spark.decommission.enabled"] = "true",
            ["spark.dynamicAllocation.enabled"] = "true",
            ["spark.dynamicAllocation.shuffleTracking.enabled"] = "true",
            ["spark.sql.shuffle.partitions"] = "7",
            ["spark.driver.extraJavaOptions"] = "-Da=b -Dc=\"d e\"",
            ["spark.pyspark.python"] = "/usr/bin/python3",
            ["spark.kubernetes.scheduler.name"] = "default-scheduler",
        };
        var driver = """
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"tier": "gold"}, "annotations": {"from": "template"}},
             "spec": {"terminationGracePeriodSeconds": 5, "restartPolicy": "Always", "nodeSelector": {"ring": "one"},
              "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
              "volumes": [{"name": "logs", "emptyDir": {}}],
              "containers": [
               {"name": "main", "image": "another", "env": [{"name": "MINE", "value": "1"}], "volumeMounts": [{"name": "logs", "mountPath": "/logs"}],
                "resources": {"limits": {"memory": "1Gi"}, "requests": {"ephemeral-storage": "1Gi"}}, "securityContext": {"runAsUser": 0}},
               {"name": "sidecar", "image": "host", "command": ["sleep", "1"]}]}}
            """;
        var executor = """{"apiVersion": "v1", "kind": "Pod", "spec": {"priorityClassName": "low"}}""";
        File.WriteAllText(Path.Combine(folder, "driver.json"), driver);
        File.WriteAllText(Path.Combine(folder, "executor.json"), executor);
        var application = Of(
            cluster,
            "Compared with 4.1",
            kind == "python" ? "local:///opt/spark/examples/src/main/python/pi.py" : "local:///opt/app.jar",
            properties
        );
        return application with
        {
            MainClass = kind == "python" ? null : "org.example.Main",
            Arguments = ["20", "a b"],
            Jars = ["local:///opt/lib.jar"],
            PyFiles = kind == "python" ? ["local:///opt/lib.py"] : [],
            Files = ["https://example.org/a.txt"],
            Installation = new SparkInstallation("4.1", cluster.SparkFolder, null, null, new Version(4, 1, 1)),
            ProxyUser = kind == "java" ? "alice" : null,
            Kubernetes = new SparkKubernetesSettings
            {
                DriverTemplate = JsonNode.Parse(driver)!.AsObject(),
                ExecutorTemplate = JsonNode.Parse(executor)!.AsObject(),
            },
        };
    }

    private async Task SparkSubmitAsync(KubernetesCluster cluster, SparkApplication application, string pod)
    {
        var words = new List<string>
        {
            "--master",
            application.Cluster.Master,
            "--deploy-mode",
            "cluster",
            "--name",
            application.Name,
            "--jars",
            string.Join(',', application.Jars),
            "--files",
            string.Join(',', application.Files),
        };
        if (application.IsPython)
        {
            words.AddRange(["--py-files", string.Join(',', application.PyFiles)]);
        }
        else
        {
            words.AddRange(["--class", application.MainClass!, "--proxy-user", application.ProxyUser!]);
        }

        var properties = new Dictionary<string, string>(application.Properties)
        {
            ["spark.kubernetes.namespace"] = KubernetesCluster.Space,
            ["spark.kubernetes.container.image"] = application.Cluster.Image!,
            ["spark.kubernetes.authenticate.driver.serviceAccountName"] = application.Cluster.ServiceAccount!,
            ["spark.kubernetes.authenticate.submission.oauthTokenFile"] = application.Cluster.TokenFile!,
            ["spark.kubernetes.authenticate.submission.caCertFile"] = application.Cluster.CaCertFile!,
            ["spark.kubernetes.submission.waitAppCompletion"] = "false",
            ["spark.kubernetes.driver.pod.name"] = pod,
            [DriverProperties.PodTemplateFile] = Path.Combine(folder, "driver.json"),
            [DriverProperties.ExecutorPodTemplateFile] = Path.Combine(folder, "executor.json"),
        };
        properties.Remove(SparkMark.Property);
        foreach (var (name, value) in properties)
        {
            words.AddRange(["--conf", $"{name}={value}"]);
        }

        words.Add(application.Resource);
        words.AddRange(application.Arguments);
        var start = new ProcessStartInfo(Path.Combine(cluster.SparkFolder, "bin", "spark-submit"), words)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("KUBECONFIG");
        start.Environment["SPARK_LOCAL_IP"] = "127.0.0.1";
        // Its configuration folder would travel in the config map.
        start.Environment["SPARK_CONF_DIR"] = Directory.CreateDirectory(Path.Combine(folder, "conf")).FullName;
        using var process =
            Process.Start(start) ?? throw new InvalidOperationException("spark-submit could not be started.");
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
    }

    /// <summary>The objects of a driver by kind, with what is each one's own made alike: names, ids, times.</summary>
    private static async Task<Dictionary<string, JsonNode>> ObjectsAsync(KubernetesCluster cluster, string pod)
    {
        var space = $"api/v1/namespaces/{KubernetesCluster.Space}/";
        var driver = await GetAsync(space + "pods/" + pod);
        var id = driver["metadata"]!["labels"]!["spark-app-selector"]!.ToString();
        var uid = driver["metadata"]!["uid"]!.ToString();
        var volumes = driver["spec"]!["volumes"]!.AsArray();
        var map = await GetAsync(space + "configmaps/" + MapOf("spark-conf-volume-driver"));
        var template = await GetAsync(space + "configmaps/" + MapOf("pod-template-volume"));
        var services = await GetAsync(space + "services?labelSelector=spark-app-selector%3D" + id);
        var service = Assert.Single(services["items"]!.AsArray())!.AsObject();
        var names = new Dictionary<string, string>
        {
            [id] = "APP-ID",
            [uid] = "POD-UID",
            [service["metadata"]!["name"]!.ToString()] = "SERVICE",
            [map["metadata"]!["name"]!.ToString()] = "CONF-MAP",
            [template["metadata"]!["name"]!.ToString()] = "TEMPLATE-MAP",
            [pod] = "POD",
        };
        var properties = new JsonObject();
        foreach (
            var line in map["data"]!["spark.properties"]!.ToString().Split('\n').Where(l => l.Length > 0 && l[0] != '#')
        )
        {
            var parts = line.Split('=', 2);
            properties[parts[0]] = parts[1];
        }

        map["data"]!.AsObject().Remove("spark.properties");
        // Spark copies the file with its spaces.
        template["data"]!["podspec-configmap-key"] = JsonNode.Parse(
            template["data"]!["podspec-configmap-key"]!.ToString()
        );
        return new Dictionary<string, JsonNode>
        {
            ["Pod"] = Alike(driver, names),
            ["Service"] = Alike(service, names),
            ["ConfigMap"] = Alike(map, names),
            ["TemplateMap"] = Alike(template, names),
            ["properties"] = Alike(properties, names),
        };

        string MapOf(string volume) =>
            volumes.Single(v => v!["name"]!.ToString() == volume)!["configMap"]!["name"]!.ToString();

        Task<JsonObject> GetAsync(string path) =>
            cluster.Admin.SendAsync<JsonObject>(HttpMethod.Get, path, null, CancellationToken.None);
    }

    private static JsonNode Alike(JsonObject found, Dictionary<string, string> names)
    {
        found.Remove("status");
        found.Remove("apiVersion");
        found.Remove("kind");
        if (found["metadata"] is JsonObject metadata)
        {
            foreach (var own in new[] { "uid", "resourceVersion", "creationTimestamp", "managedFields", "generation" })
            {
                metadata.Remove(own);
            }
        }

        var text = found.ToJsonString();
        foreach (var (name, common) in names.OrderByDescending(n => n.Key.Length))
        {
            text = text.Replace(name, common, StringComparison.Ordinal);
        }

        text = LocalDir().Replace(text, "/var/data/spark-UUID");
        text = TokenVolume().Replace(text, "kube-api-access-X");
        return JsonNode.Parse(text)!;
    }

    /// <summary>Lists of things with names are compared by name, since their order says nothing; others by their order.</summary>
    private static void Compare(string prefix, string path, JsonNode? theirs, JsonNode? ours, List<string> differences)
    {
        switch (theirs, ours)
        {
            case (JsonObject a, JsonObject b):
                foreach (var name in a.Select(p => p.Key).Union(b.Select(p => p.Key)).Order(StringComparer.Ordinal))
                {
                    var separator = prefix.StartsWith("properties", StringComparison.Ordinal) ? "" : "/";
                    Compare(
                        prefix,
                        path + separator + name.Replace("/", "~1", StringComparison.Ordinal),
                        a[name],
                        b[name],
                        differences
                    );
                }

                break;
            case (JsonArray a, JsonArray b)
                when a.Concat(b).All(item => item is JsonObject named && named["name"] is not null):
                Compare(prefix, path, ByName(a), ByName(b), differences);
                break;
            case (JsonArray a, JsonArray b) when a.Count == b.Count:
                for (var i = 0; i < a.Count; i++)
                {
                    Compare(prefix, FormattableString.Invariant($"{path}/{i}"), a[i], b[i], differences);
                }

                break;
            default:
                if (!JsonNode.DeepEquals(theirs, ours))
                {
                    differences.Add(
                        $"{prefix}{path}: spark-submit {theirs?.ToJsonString() ?? "nothing"}, we {ours?.ToJsonString() ?? "nothing"}"
                    );
                }

                break;
        }
    }

    private static JsonObject ByName(JsonArray list)
    {
        var result = new JsonObject();
        foreach (var item in list)
        {
            result[item!["name"]!.ToString()] = item.DeepClone();
        }

        return result;
    }

    [GeneratedRegex("/var/data/spark-[0-9a-f-]{36}")]
    private static partial Regex LocalDir();

    [GeneratedRegex("kube-api-access-[a-z0-9]{5}")]
    private static partial Regex TokenVolume();
}
