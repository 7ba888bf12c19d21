using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Kubernetes;

namespace Sje.Tests.Unit.Engines.Spark.Kubernetes;

public sealed class DriverObjectsTests
{
    [Fact]
    public void The_same_submission_makes_the_same_objects()
    {
        Assert.Equal(Text(Drivers.Build(Drivers.Python())), Text(Drivers.Build(Drivers.Python())));

        static string Text(DriverObjects objects) =>
            objects.Pod.ToJsonString() + objects.Service.ToJsonString() + objects.Properties.ToJsonString();
    }

    [Fact]
    public void Pod_and_service_carry_what_Spark_finds_them_by()
    {
        var objects = Drivers.Build(Drivers.Python());
        var id = DriverNames.ApplicationIdOf(Drivers.Mark);

        Assert.Matches("^spark-[0-9a-f]{32}$", id);
        Assert.Matches("^pi-of-3-14-[0-9a-f]{10}-driver$", objects.Pod["metadata"]!["name"]!.ToString());
        Assert.Equal("spark", objects.Pod["metadata"]!["namespace"]!.ToString());
        var labels = objects.Pod["metadata"]!["labels"]!;
        Assert.Equal(id, labels["spark-app-selector"]!.ToString());
        Assert.Equal("driver", labels["spark-role"]!.ToString());
        Assert.Equal("pi-of-3-14", labels["spark-app-name"]!.ToString());
        Assert.Equal("sje", labels["app.kubernetes.io/managed-by"]!.ToString());
        Assert.Equal(Drivers.Mark, objects.Pod["metadata"]!["annotations"]!["spark.sje.task"]!.ToString());
        Assert.Equal("None", objects.Service["spec"]!["clusterIP"]!.ToString());
        Assert.Equal(id, objects.Service["spec"]!["selector"]!["spark-app-selector"]!.ToString());
        Assert.Equal("driver", objects.Service["spec"]!["selector"]!["spark-role"]!.ToString());
        Assert.Equal(
            [7078, 7079, 4040, 15002],
            objects.Service["spec"]!["ports"]!.AsArray().Select(p => p!["port"]!.GetValue<int>())
        );
        var properties = objects.Properties();
        Assert.Equal(id, properties["spark.app.id"]);
        Assert.Equal(Drivers.Mark, properties["spark.sje.task"]);
        Assert.Equal($"{objects.Service["metadata"]!["name"]}.spark.svc", properties["spark.driver.host"]);
        Assert.Equal(objects.Pod["metadata"]!["name"]!.ToString(), properties["spark.kubernetes.driver.pod.name"]);
        Assert.Equal("k8s://https://127.0.0.1:6443", properties["spark.master"]);
        Assert.Equal("cluster", properties["spark.submit.deployMode"]);
        Assert.Equal("python", properties["spark.kubernetes.resource.type"]);
        Assert.Equal("true", properties["spark.kubernetes.submitInDriver"]);
    }

    [Fact]
    public void The_container_runs_Sparks_entry_point()
    {
        var python = Drivers.Build(Drivers.Python());
        Assert.Equal(
            [
                "driver",
                "--properties-file",
                "/opt/spark/conf/spark.properties",
                "--class",
                "org.apache.spark.deploy.PythonRunner",
                "local:///opt/spark/examples/src/main/python/pi.py",
                "20",
            ],
            Arguments(python)
        );
        Assert.Equal("spark-kubernetes-driver", python.Container()["name"]!.ToString());
        Assert.Equal("Never", python.Pod["spec"]!["restartPolicy"]!.ToString());
        Assert.Equal("spark", python.Pod["spec"]!["serviceAccountName"]!.ToString());
        Assert.Equal("someone", python.Variable("SPARK_USER"));
        Assert.Equal("/opt/spark/conf", python.Variable("SPARK_CONF_DIR"));
        Assert.Equal(
            """{"fieldRef":{"apiVersion":"v1","fieldPath":"status.podIP"}}""",
            python.Variable("SPARK_DRIVER_BIND_ADDRESS")
        );
        Assert.Equal(python.Mount("spark-local-dir-1")!["mountPath"]!.ToString(), python.Variable("SPARK_LOCAL_DIRS"));

        var java = Drivers.Build(Drivers.Java() with { ProxyUser = "alice" });
        Assert.Equal(
            [
                "driver",
                "--proxy-user",
                "alice",
                "--properties-file",
                "/opt/spark/conf/spark.properties",
                "--class",
                "org.example.Main",
                "local:///opt/app.jar",
                "20",
            ],
            Arguments(java)
        );
        Assert.Equal("local:///opt/app.jar", java.Properties()["spark.jars"]);

        static IEnumerable<string> Arguments(DriverObjects objects) =>
            objects.Container()["args"]!.AsArray().Select(a => a!.ToString());
    }

    [Theory]
    // The least overhead is 384 MiB; the factor is 0.4 for Python and 0.1 for the JVM.
    [InlineData(true, "512m", null, null, null, "896Mi")]
    [InlineData(true, "4g", null, null, null, "5734Mi")]
    [InlineData(false, "4g", null, null, null, "4505Mi")]
    [InlineData(false, "4g", "1g", null, null, "5120Mi")]
    [InlineData(false, "4096", "100", null, null, "4196Mi")]
    [InlineData(false, "4g", null, "0.2", null, "4915Mi")]
    [InlineData(true, "4g", null, "0.2", null, "4915Mi")]
    [InlineData(true, "4g", null, null, "0.25", "5120Mi")]
    public void Memory_is_what_Spark_asks_for(
        bool isPython,
        string memory,
        string? overhead,
        string? factor,
        string? commonFactor,
        string expected
    )
    {
        var properties = new Dictionary<string, string> { ["spark.driver.memory"] = memory };
        Add("spark.driver.memoryOverhead", overhead);
        Add("spark.driver.memoryOverheadFactor", factor);
        Add("spark.kubernetes.memoryOverheadFactor", commonFactor);

        var resources = Drivers.Build(isPython ? Drivers.Python(properties) : Drivers.Java(properties)).Container()[
            "resources"
        ]!;

        Assert.Equal(expected, resources["requests"]!["memory"]!.ToString());
        Assert.Equal(expected, resources["limits"]!["memory"]!.ToString());

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                properties[name] = value;
            }
        }
    }

    [Fact]
    public void Cores_and_devices_are_asked_for_as_the_properties_say()
    {
        var plain = Drivers.Build(Drivers.Python(new Dictionary<string, string> { ["spark.driver.cores"] = "2" }));
        Assert.Equal("2", plain.Container()["resources"]!["requests"]!["cpu"]!.ToString());
        Assert.Null(plain.Container()["resources"]!["limits"]!["cpu"]);

        var narrow = Drivers
            .Build(
                Drivers.Python(
                    new Dictionary<string, string>
                    {
                        ["spark.driver.cores"] = "2",
                        ["spark.kubernetes.driver.request.cores"] = "500m",
                        ["spark.kubernetes.driver.limit.cores"] = "3",
                        ["spark.driver.resource.gpu.amount"] = "1",
                        ["spark.driver.resource.gpu.vendor"] = "nvidia.com",
                    }
                )
            )
            .Container()["resources"]!;
        Assert.Equal("500m", narrow["requests"]!["cpu"]!.ToString());
        Assert.Equal("3", narrow["limits"]!["cpu"]!.ToString());
        Assert.Equal("1", narrow["limits"]!["nvidia.com/gpu"]!.ToString());
    }

    [Fact]
    public void Labels_annotations_environment_and_secrets_come_from_the_properties()
    {
        var objects = Drivers.Build(
            Drivers.Python(
                new Dictionary<string, string>
                {
                    ["spark.kubernetes.driver.label.team"] = "blue",
                    ["spark.kubernetes.driver.annotation.app"] = "is {{APP_ID}}",
                    ["spark.kubernetes.driver.service.label.team"] = "red",
                    ["spark.kubernetes.driverEnv.COLOUR"] = "green",
                    ["spark.kubernetes.driver.secretKeyRef.PASSWORD"] = "db:password",
                    ["spark.kubernetes.driver.secrets.certs"] = "/etc/certs",
                    ["spark.kubernetes.container.image.pullSecrets"] = "one, two",
                    ["spark.kubernetes.container.image.pullPolicy"] = "Always",
                    ["spark.kubernetes.driver.scheduler.name"] = "volcano",
                }
            ) with
            {
                Environment = new Dictionary<string, string> { ["TZ"] = "UTC" },
            }
        );

        Assert.Equal("blue", objects.Pod["metadata"]!["labels"]!["team"]!.ToString());
        Assert.Equal("blue", objects.Service["spec"]!["selector"]!["team"]!.ToString());
        Assert.Equal("red", objects.Service["metadata"]!["labels"]!["team"]!.ToString());
        Assert.Equal(
            "is " + DriverNames.ApplicationIdOf(Drivers.Mark),
            objects.Pod["metadata"]!["annotations"]!["app"]!.ToString()
        );
        Assert.Equal("green", objects.Variable("COLOUR"));
        Assert.Equal("UTC", objects.Variable("TZ"));
        Assert.Equal("UTC", objects.Properties()["spark.executorEnv.TZ"]);
        Assert.Equal("""{"secretKeyRef":{"name":"db","key":"password"}}""", objects.Variable("PASSWORD"));
        Assert.Equal("certs", objects.Volume("certs-volume")!["secret"]!["secretName"]!.ToString());
        Assert.Equal("/etc/certs", objects.Mount("certs-volume")!["mountPath"]!.ToString());
        Assert.Equal(
            ["one", "two"],
            objects.Pod["spec"]!["imagePullSecrets"]!.AsArray().Select(s => s!["name"]!.ToString())
        );
        Assert.Equal("Always", objects.Container()["imagePullPolicy"]!.ToString());
        Assert.Equal("volcano", objects.Pod["spec"]!["schedulerName"]!.ToString());
    }

    [Fact]
    public void Volumes_of_the_driver_come_from_the_properties()
    {
        const string prefix = "spark.kubernetes.driver.volumes.";
        var objects = Drivers.Build(
            Drivers.Python(
                new Dictionary<string, string>
                {
                    [prefix + "hostPath.data.mount.path"] = "/data",
                    [prefix + "hostPath.data.mount.readOnly"] = "true",
                    [prefix + "hostPath.data.options.path"] = "/srv/data",
                    [prefix + "emptyDir.spark-local-dir-fast.mount.path"] = "/fast",
                    [prefix + "emptyDir.spark-local-dir-fast.options.sizeLimit"] = "1Gi",
                    [prefix + "nfs.shared.mount.path"] = "/shared",
                    [prefix + "nfs.shared.options.server"] = "nfs",
                    [prefix + "nfs.shared.options.path"] = "/exports",
                    [prefix + "persistentVolumeClaim.work.mount.path"] = "/work",
                    [prefix + "persistentVolumeClaim.work.mount.subPath"] = "here",
                    [prefix + "persistentVolumeClaim.work.options.claimName"] = "OnDemand",
                    [prefix + "persistentVolumeClaim.work.options.storageClass"] = "standard",
                    [prefix + "persistentVolumeClaim.work.options.sizeLimit"] = "2Gi",
                }
            )
        );

        Assert.Equal("/srv/data", objects.Volume("data")!["hostPath"]!["path"]!.ToString());
        Assert.True(objects.Mount("data")!["readOnly"]!.GetValue<bool>());
        Assert.Equal("/exports", objects.Volume("shared")!["nfs"]!["path"]!.ToString());
        Assert.Equal("here", objects.Mount("work")!["subPath"]!.ToString());
        var claim = Assert.Single(objects.Others);
        Assert.Equal("PersistentVolumeClaim", claim["kind"]!.ToString());
        Assert.Equal(
            claim["metadata"]!["name"]!.ToString(),
            objects.Volume("work")!["persistentVolumeClaim"]!["claimName"]!.ToString()
        );
        // A volume of that name takes the place of Spark's own folder for temporary files.
        Assert.Equal("/fast", objects.Variable("SPARK_LOCAL_DIRS"));
        Assert.Null(objects.Volume("spark-local-dir-1"));
    }

    [Fact]
    public void A_template_is_the_base_and_Sparks_part_is_laid_over_it()
    {
        var template = JsonNode
            .Parse(
                """
                {
                  "apiVersion": "v1", "kind": "Pod",
                  "metadata": {"name": "theirs", "labels": {"tier": "gold", "spark-role": "nobody"}, "annotations": {"a": "b"}},
                  "spec": {
                    "restartPolicy": "Always", "priorityClassName": "high", "terminationGracePeriodSeconds": 5, "aFieldOfTomorrow": {"x": 1},
                    "tolerations": [{"key": "own", "operator": "Exists"}],
                    "volumes": [{"name": "logs", "emptyDir": {}}],
                    "containers": [
                      {"name": "main", "image": "other", "securityContext": {"runAsUser": 185}, "env": [{"name": "MINE", "value": "1"}, {"name": "SPARK_USER", "value": "root"}],
                       "resources": {"limits": {"memory": "1Gi", "ephemeral-storage": "2Gi"}}, "volumeMounts": [{"name": "logs", "mountPath": "/logs"}]},
                      {"name": "sidecar", "image": "logger"}
                    ]
                  }
                }
                """
            )!
            .AsObject();
        var before = template.ToJsonString();

        var objects = Drivers.Build(
            Drivers.Python(
                kubernetes: new SparkKubernetesSettings
                {
                    DriverTemplate = template,
                    Tolerations = [new JsonObject { ["key"] = "spot", ["operator"] = "Exists" }],
                }
            )
        );

        Assert.Equal(before, template.ToJsonString());
        var spec = objects.Pod["spec"]!;
        Assert.StartsWith("pi-of", objects.Pod["metadata"]!["name"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal("gold", objects.Pod["metadata"]!["labels"]!["tier"]!.ToString());
        Assert.Equal("driver", objects.Pod["metadata"]!["labels"]!["spark-role"]!.ToString());
        Assert.Equal("b", objects.Pod["metadata"]!["annotations"]!["a"]!.ToString());
        Assert.Equal("Never", spec["restartPolicy"]!.ToString());
        Assert.Equal("high", spec["priorityClassName"]!.ToString());
        Assert.Equal("1", spec["aFieldOfTomorrow"]!["x"]!.ToString());
        Assert.Equal(["own", "spot"], spec["tolerations"]!.AsArray().Select(t => t!["key"]!.ToString()));
        Assert.Equal(["sidecar", "main"], spec["containers"]!.AsArray().Select(c => c!["name"]!.ToString()));
        var driver = objects.Container();
        Assert.Equal("spark:4.1.1", driver["image"]!.ToString());
        Assert.Equal("185", driver["securityContext"]!["runAsUser"]!.ToString());
        Assert.Equal("1", objects.Variable("MINE"));
        Assert.Equal("someone", objects.Variable("SPARK_USER"));
        Assert.Equal("1433Mi", driver["resources"]!["limits"]!["memory"]!.ToString());
        Assert.Equal("2Gi", driver["resources"]!["limits"]!["ephemeral-storage"]!.ToString());
        Assert.Equal("/logs", objects.Mount("logs")!["mountPath"]!.ToString());
    }

    [Fact]
    public void The_executors_template_travels_in_a_config_map()
    {
        var objects = Drivers.Build(
            Drivers.Python(
                kubernetes: new SparkKubernetesSettings
                {
                    ExecutorTemplate = JsonNode.Parse("""{"spec": {"priorityClassName": "low"}}""")!.AsObject(),
                    NodeSelector = new Dictionary<string, string> { ["zone"] = "a" },
                    ExecutorNodeSelector = new Dictionary<string, string> { ["spot"] = "true" },
                    Tolerations = [new JsonObject { ["key"] = "spot", ["operator"] = "Exists" }],
                }
            )
        );

        Assert.Equal(
            "/opt/spark/pod-template/pod-spec-template.yml",
            objects.Properties()["spark.kubernetes.executor.podTemplateFile"]
        );
        Assert.Equal("/opt/spark/pod-template", objects.Mount("pod-template-volume")!["mountPath"]!.ToString());
        var map = Assert.Single(objects.Others);
        Assert.Equal(
            map["metadata"]!["name"]!.ToString(),
            objects.Volume("pod-template-volume")!["configMap"]!["name"]!.ToString()
        );
        var template = JsonNode.Parse(map["data"]!["podspec-configmap-key"]!.ToString())!;
        Assert.Equal("Pod", template["kind"]!.ToString());
        Assert.Equal("low", template["spec"]!["priorityClassName"]!.ToString());
        Assert.Equal("spot", template["spec"]!["tolerations"]![0]!["key"]!.ToString());
        Assert.Equal("""{"zone":"a"}""", objects.Pod["spec"]!["nodeSelector"]!.ToJsonString());
        Assert.Equal("a", objects.Properties()["spark.kubernetes.node.selector.zone"]);
        Assert.Equal("true", objects.Properties()["spark.kubernetes.executor.node.selector.spot"]);
    }

    [Fact]
    public void Small_files_of_this_machine_travel_in_a_config_map()
    {
        var folder = Directory.CreateTempSubdirectory("sje-test-");
        try
        {
            Directory.CreateDirectory(Path.Combine(folder.FullName, "other"));
            var app = Path.Combine(folder.FullName, "app.py");
            var same = Path.Combine(folder.FullName, "other", "app.py");
            var zip = Path.Combine(folder.FullName, "data set.zip");
            File.WriteAllText(app, "print('hello')");
            File.WriteAllText(same, "x = 1");
            File.WriteAllBytes(zip, [0, 255, 1]);
            var application = Drivers.Python() with
            {
                Resource = app,
                PyFiles = [same, "s3a://bucket/lib.zip"],
                Archives = ["file://" + zip + "#data"],
            };

            Assert.True(Coverage.Covers(application, out var why), why);
            var (moved, inline) = LocalFiles.Gather(application);
            var objects = Drivers.Build(moved, inline);

            Assert.Equal("local:///opt/sje/app.py", moved.Resource);
            Assert.Equal(["file:///opt/sje/1/app.py", "s3a://bucket/lib.zip"], moved.PyFiles);
            Assert.Equal(["file:///opt/sje/data%20set.zip#data"], moved.Archives);
            Assert.Equal("/opt/sje", objects.Mount("sje-files")!["mountPath"]!.ToString());
            var map = Assert.Single(objects.Others);
            foreach (var item in objects.Volume("sje-files")!["configMap"]!["items"]!.AsArray())
            {
                Assert.Equal(
                    inline[item!["path"]!.ToString()],
                    Convert.FromBase64String(map["binaryData"]![item["key"]!.ToString()]!.ToString())
                );
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Settings_that_Spark_refuses_are_refused_with_their_name()
    {
        Refused("spark-role", ("spark.kubernetes.driver.label.spark-role", "x"));
        Refused("spark.driver.host", ("spark.driver.host", "here"));
        Refused("spark.driver.bindAddress", ("spark.driver.bindAddress", "here"));
        Refused("512q", ("spark.driver.memory", "512q"));
        Refused("many", ("spark.kubernetes.memoryOverheadFactor", "many"));
        Refused("options.path is missing", ("spark.kubernetes.driver.volumes.hostPath.a.mount.path", "/a"));
        Refused("'tape'", ("spark.kubernetes.driver.volumes.tape.a.mount.path", "/a"));
        Refused("SECRET:KEY", ("spark.kubernetes.driver.secretKeyRef.A", "b"));
        Refused("spark.driver.resource.gpu.vendor", ("spark.driver.resource.gpu.amount", "1"));
        var noImage = Drivers.Python() with { Cluster = new() { Master = "k8s://https://127.0.0.1:6443" } };
        Assert.Contains(
            "image",
            Assert.Throws<FormatException>(() => Drivers.Build(noImage)).Message,
            StringComparison.Ordinal
        );

        static void Refused(string expected, (string Name, string Value) property) =>
            Assert.Contains(
                expected,
                Assert
                    .Throws<FormatException>(() =>
                        Drivers.Build(
                            Drivers.Python(new Dictionary<string, string> { [property.Name] = property.Value })
                        )
                    )
                    .Message,
                StringComparison.Ordinal
            );
    }

    [Fact]
    public void What_was_meant_for_the_submitter_does_not_reach_the_driver()
    {
        var properties = Drivers
            .Build(
                Drivers.Python(
                    new Dictionary<string, string>
                    {
                        ["spark.kubernetes.authenticate.submission.oauthToken"] = "secret",
                        ["spark.kubernetes.submission.waitAppCompletion"] = "false",
                        ["spark.decommission.enabled"] = "true",
                        ["spark.dynamicAllocation.shuffleTracking.enabled"] = "true",
                        ["spark.kubernetes.executor.deleteOnTermination"] = "true",
                    }
                )
            )
            .Properties();

        Assert.DoesNotContain("secret", properties.Values);
        Assert.DoesNotContain("spark.kubernetes.submission.waitAppCompletion", properties.Keys);
        Assert.Equal("true", properties["spark.decommission.enabled"]);
        Assert.Equal("true", properties["spark.dynamicAllocation.shuffleTracking.enabled"]);
        // The job's word holds.
        Assert.Equal("true", properties["spark.kubernetes.executor.deleteOnTermination"]);
        Assert.Equal("true", properties["spark.kubernetes.driver.annotateExitException"]);
    }

    [Theory]
    [InlineData("pi")]
    [InlineData("A very long name of a job that nobody would write, with Ümlauts / and more")]
    [InlineData("2026 accounts")]
    [InlineData("---")]
    public void Names_are_names_for_Kubernetes(string name)
    {
        var names = DriverNames.Choose(name, Drivers.Mark, "spark");

        Assert.Matches("^[a-z]([a-z0-9-]*[a-z0-9])?$", names.Pod);
        Assert.InRange(names.Prefix.Length, 1, 38);
        Assert.All(
            [names.Pod, names.Service, names.ConfigMap, names.TemplateMap, names.FilesMap],
            n => Assert.InRange(n.Length, 1, 63)
        );
        Assert.Equal(names, DriverNames.Of(names.Identity));
        Assert.NotEqual(names.Pod, DriverNames.Choose(name, Drivers.Mark + "0", "spark").Pod);
    }

    [Fact]
    public void What_needs_Sparks_own_client_is_told()
    {
        Assert.True(Coverage.Covers(Drivers.Python(), out var why), why);
        Told("packages", Drivers.Python() with { Packages = ["a:b:1"] });
        Told("Kerberos", Drivers.Python() with { Keytab = "/k", Principal = "p" });
        Told("client mode", Drivers.Python() with { DeployMode = "client" });
        Told(
            "spark.kubernetes.driver.pod.featureSteps",
            Drivers.Python(new Dictionary<string, string> { ["spark.kubernetes.driver.pod.featureSteps"] = "a.B" })
        );
        Told(
            "spark.files",
            Drivers.Python(new Dictionary<string, string> { ["spark.files"] = "local:///a,/etc/hosts" })
        );
        var large = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(large, new byte[LocalFiles.MostBytes + 1]);
            Told("KiB", Drivers.Python() with { Files = [large] });
        }
        finally
        {
            File.Delete(large);
        }

        static void Told(string expected, SparkApplication application)
        {
            Assert.False(Coverage.Covers(application, out var why));
            Assert.Contains(expected, why!, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("spark:4.1.1", true)]
    [InlineData("apache/spark", true)]
    [InlineData("registry.example.org:5000/team/spark_x:4.1.1-java17", true)]
    [InlineData("spark@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", true)]
    [InlineData("Spark:4", false)]
    [InlineData("spark:4:1", false)]
    [InlineData("spark image", false)]
    [InlineData("https://registry/spark", false)]
    [InlineData("", false)]
    public void Names_of_images_are_known_by_their_shape(string name, bool good) =>
        Assert.Equal(good, ImageName.IsWellFormed(name));

    [Fact]
    public void Properties_are_written_as_Java_reads_them() =>
        Assert.Equal(
            "a\\ b\\:c=\\ x\\=1 \\\\ \\u00e4\\n\\#\n",
            JavaProperties.Write([KeyValuePair.Create("a b:c", " x=1 \\ ä\n#")])
        );
}
