using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Yarn;

namespace Sje.Tests.Unit.Engines.Spark.Yarn;

public sealed class YarnSubmissionTests : IDisposable
{
    private const string Id = "application_1700000000000_0007";

    private readonly string folder = Directory.CreateTempSubdirectory("sje-yarn-unit-").FullName;

    [Fact]
    public async Task A_python_application_is_started_as_sparks_own_client_would()
    {
        var extra = Touch("lib.zip");
        var single = Touch("tools.py");
        var application = Python() with
        {
            Arguments = ["10", "two words", "{\"a\":{\"b\":1}}", "it's $HOME"],
            PyFiles = [extra, single],
            Environment = new Dictionary<string, string> { ["REGION"] = "eu" },
            Queue = "etl",
        };

        var body = YarnSubmission.Body(
            application,
            Id,
            new Dictionary<string, string> { ["fs.defaultFS"] = "file:///" }
        );

        Assert.Equal(Id, Text(body, "application-id"));
        Assert.Equal("nightly", Text(body, "application-name"));
        Assert.Equal("SPARK", Text(body, "application-type"));
        Assert.Equal("etl", Text(body, "queue"));
        Assert.Equal(1, body["max-app-attempts"]!.GetValue<int>());
        Assert.Equal(
            "sje-0f8fad5b-d9cb-469f-a165-70867728950e-2",
            Assert.Single(body["application-tags"]!["tag"]!.AsArray())!.GetValue<string>()
        );
        Assert.Equal(1024 + 384, body["resource"]!["memory"]!.GetValue<long>());
        Assert.Equal(2, body["resource"]!["vCores"]!.GetValue<int>());

        using var script = new LaunchScript();
        var got = await script.RunAsync(body);
        Assert.Equal("-server", got.Words[0]);
        Assert.Equal("-Xmx1024m", got.Words[1]);
        var from = got.Words.ToList().IndexOf("org.apache.spark.deploy.yarn.ApplicationMaster");
        Assert.Equal(
            [
                "--class",
                "org.apache.spark.deploy.PythonRunner",
                "--primary-py-file",
                "app.py",
                "--arg",
                "10",
                "--arg",
                "two words",
                "--arg",
                "{\"a\":{\"b\":1}}",
                "--arg",
                "it's $HOME",
                "--properties-file",
                "__sje__.properties",
                "--dist-cache-conf",
                "__sje_cache__.properties",
            ],
            got.Words.Skip(from + 1)
        );

        var properties = script.Properties("__sje__.properties");
        Assert.Equal("yarn", properties["spark.master"]);
        Assert.Equal("cluster", properties["spark.submit.deployMode"]);
        Assert.Equal("nightly", properties["spark.app.name"]);
        Assert.Equal(Id, properties["spark.yarn.app.id"]);
        Assert.Equal("1", properties["spark.yarn.maxAppAttempts"]);
        Assert.Equal("true", properties["spark.yarn.isPython"]);
        Assert.Equal($"local:{folder}/spark/jars/*", properties["spark.yarn.jars"]);
        Assert.Equal("file:///", properties["spark.hadoop.fs.defaultFS"]);
        Assert.Equal("eu", properties["spark.executorEnv.REGION"]);
        Assert.Equal(SparkMark.Of(application.Attempt.TaskId, 2), properties[SparkMark.Property]);
        Assert.Equal(
            $"{folder}/spark/python/lib/py4j-0.10.9-src.zip<CPS>{folder}/spark/python/lib/pyspark.zip<CPS>{{{{PWD}}}}/lib.zip<CPS>{{{{PWD}}}}/__pyfiles__",
            properties["spark.executorEnv.PYTHONPATH"]
        );

        Assert.Equal("eu", got.Environment["REGION"]);
        Assert.Equal(
            $"{folder}/spark/python/lib/py4j-0.10.9-src.zip:{folder}/spark/python/lib/pyspark.zip:{script.Container}/lib.zip:{script.Container}/__pyfiles__",
            got.Environment["PYTHONPATH"]
        );
        Assert.StartsWith(
            $"{script.Container}:{folder}/spark/jars/*",
            got.Environment["CLASSPATH"],
            StringComparison.Ordinal
        );

        // Its first file is the driver's alone.
        Assert.Equal(["app.py", "lib.zip", "__pyfiles__/tools.py"], Resources(body).Keys);
        Assert.Equal(
            $"file://{extra}#lib.zip,file://{single}#__pyfiles__/tools.py",
            script.Properties("__sje_cache__.properties")["spark.yarn.cache.filenames"]
        );
    }

    [Fact]
    public async Task A_jar_its_files_and_its_archives_reach_driver_and_executors()
    {
        var jar = Touch("main.jar");
        var (first, second) = (Touch("a/util.jar"), Touch("b/util.jar"));
        var data = Touch("my data.csv");
        var archive = Touch("env.tar.gz");
        var application = Java(jar) with
        {
            Jars = [first, second, "local:/opt/jars/there.jar"],
            Files = [data, "local:/etc/there.conf"],
            Archives = [archive + "#environment"],
        };

        var body = YarnSubmission.Body(application, Id, new Dictionary<string, string>());

        var resources = Resources(body);
        Assert.Equal(["__app__.jar", "util.jar", "2-util.jar", "my data.csv", "environment"], resources.Keys);
        var resource = resources["my data.csv"];
        Assert.Equal($"file://{folder}/my%20data.csv", Text(resource, "resource"));
        Assert.Equal(new FileInfo(data).Length, resource["size"]!.GetValue<long>());
        Assert.Equal(
            new DateTimeOffset(File.GetLastWriteTimeUtc(data)).ToUnixTimeMilliseconds(),
            resource["timestamp"]!.GetValue<long>()
        );
        Assert.Equal("FILE", Text(resource, "type"));
        Assert.Equal("ARCHIVE", Text(resources["environment"], "type"));

        using var script = new LaunchScript();
        var got = await script.RunAsync(body);
        Assert.Equal("example.Main", got.Words[got.Words.ToList().IndexOf("--class") + 1]);
        Assert.Equal("__app__.jar", got.Words[got.Words.ToList().IndexOf("--jar") + 1]);
        var properties = script.Properties("__sje__.properties");
        Assert.Equal("util.jar,2-util.jar,local:/opt/jars/there.jar", properties["spark.yarn.secondary.jars"]);
        Assert.False(properties.ContainsKey("spark.yarn.user.jar"));
        var cache = script.Properties("__sje_cache__.properties");
        Assert.Equal(
            $"file://{jar}#__app__.jar,file://{first}#util.jar,file://{second}#2-util.jar,file://{folder}/my%20data.csv#my%20data.csv,file://{archive}#environment",
            cache["spark.yarn.cache.filenames"]
        );
        Assert.Equal("FILE,FILE,FILE,FILE,ARCHIVE", cache["spark.yarn.cache.types"]);
        Assert.Equal("PRIVATE,PRIVATE,PRIVATE,PRIVATE,PRIVATE", cache["spark.yarn.cache.visibilities"]);
        Assert.Equal(5, cache["spark.yarn.cache.sizes"].Split(',').Length);
        Assert.Equal(5, cache["spark.yarn.cache.timestamps"].Split(',').Length);
    }

    [Fact]
    public async Task Properties_become_what_spark_makes_of_them()
    {
        var application = Java("local:/opt/app/main.jar") with
        {
            Properties = With(
                ("spark.driver.extraJavaOptions", "-Dapp=\"two words\" -Did={{APP_ID}} -Dx='$HOME'"),
                ("spark.driver.defaultJavaOptions", "-XX:+UseSerialGC"),
                ("spark.driver.extraClassPath", "/opt/extra/*"),
                ("spark.driver.extraLibraryPath", "/opt/native"),
                ("spark.yarn.appMasterEnv.DATA", "$PWD/data"),
                ("spark.yarn.tags", "Team-A,other"),
                ("spark.yarn.maxAppAttempts", "2"),
                ("spark.yarn.am.nodeLabelExpression", "gpu"),
                ("spark.yarn.priority", "7"),
                ("spark.yarn.rolledLog.includePattern", "std*"),
                ("spark.ui.view.acls", "alice"),
                ("spark.secret", "ключ = #1: \\ \"$(x)\"\nnext"),
                ("spark.yarn.dist.files", "")
            ),
        };

        var body = YarnSubmission.Body(application, Id, new Dictionary<string, string>());

        Assert.Equal(2, body["max-app-attempts"]!.GetValue<int>());
        Assert.Equal("gpu", Text(body, "am-container-node-label-expression"));
        Assert.Equal(7, body["priority"]!.GetValue<int>());
        Assert.Equal("std*", body["log-aggregation-context"]!["rolled-log-include-pattern"]!.GetValue<string>());
        Assert.Equal(
            ["team-a", "other", "sje-0f8fad5b-d9cb-469f-a165-70867728950e-2"],
            body["application-tags"]!["tag"]!.AsArray().Select(tag => tag!.GetValue<string>())
        );
        Assert.Contains(
            body["am-container-spec"]!["application-acls"]!["entry"]!.AsArray(),
            entry =>
                Text(entry!, "key") == "VIEW_APP" && Text(entry!, "value").Contains(",alice ", StringComparison.Ordinal)
        );

        using var script = new LaunchScript();
        var got = await script.RunAsync(body);
        Assert.Contains("-XX:+UseSerialGC", got.Words);
        Assert.Contains("-Dapp=two words", got.Words);
        Assert.Contains("-Did=" + Id, got.Words);
        Assert.Contains("-Dx=$HOME", got.Words);
        Assert.Equal("file:/opt/app/main.jar", got.Words[got.Words.ToList().IndexOf("--jar") + 1]);
        Assert.Equal(script.Container + "/data", got.Environment["DATA"]);
        Assert.StartsWith(
            "/opt/extra/*:" + script.Container + ":",
            got.Environment["CLASSPATH"],
            StringComparison.Ordinal
        );
        Assert.StartsWith("/opt/native:", got.Environment["LD_LIBRARY_PATH"], StringComparison.Ordinal);
        var properties = script.Properties("__sje__.properties");
        Assert.Equal("local:/opt/app/main.jar", properties["spark.yarn.user.jar"]);
        Assert.Equal("ключ = #1: \\ \"$(x)\"\nnext", properties["spark.secret"]);
        // Not for everybody on the node to see in the list of processes.
        Assert.DoesNotContain(got.Words, word => word.Contains("ключ", StringComparison.Ordinal));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(Path.Combine(script.Container, "__sje__.properties"))
        );
    }

    [Theory]
    [InlineData("", 1408, 1408)]
    [InlineData("spark.driver.memory=512m;spark.executor.memory=512m", 896, 896)]
    [InlineData("spark.driver.memory=8g;spark.executor.memory=8192", 9011, 9011)]
    [InlineData("spark.driver.memory=1g;spark.driver.memoryOverhead=1g;spark.executor.memoryOverhead=100", 2048, 1124)]
    [InlineData("spark.driver.memory=8g;spark.driver.memoryOverheadFactor=0.4", 11468, 1408)]
    [InlineData("spark.driver.memory=1g;spark.driver.minMemoryOverhead=128m", 1152, 1408)]
    [InlineData("spark.memory.offHeap.enabled=true;spark.memory.offHeap.size=268435456", 1408, 1664)]
    [InlineData("spark.memory.offHeap.enabled=true;spark.memory.offHeap.size=256m", 1408, 1664)]
    [InlineData("spark.executor.pyspark.memory=512m", 1408, 1920)]
    public void Containers_have_the_size_that_spark_gives_them(string properties, long driver, long executor)
    {
        var application = Python() with
        {
            Properties = properties
                .Split(';', StringSplitOptions.RemoveEmptyEntries)
                .Select(pair => pair.Split('='))
                .ToDictionary(pair => pair[0], pair => pair[1]),
        };

        var sizing = YarnSizing.Of(application);

        Assert.Equal(driver, sizing.DriverMiB);
        Assert.Equal(executor, sizing.ExecutorMiB);
    }

    [Fact]
    public void What_rest_cannot_submit_is_left_to_spark_submit_with_a_reason()
    {
        var jar = Touch("main.jar");
        Assert.True(YarnSubmission.Covers(Java(jar), out var none), none);
        Assert.True(YarnSubmission.Covers(Python(), out none), none);
        Why(Java(jar) with { DeployMode = "client" }, "client");
        Why(Java(jar) with { Packages = ["org:a:1"] }, "packages");
        Why(Java(jar) with { Principal = "p@R", Keytab = "/k" }, "Kerberos");
        Why(Java(jar) with { ProxyUser = "bob" }, "proxy user");
        Why(Java("hdfs:///apps/main.jar"), "hdfs:///apps/main.jar");
        Why(Java(jar) with { Files = ["s3a://b/c"] }, "s3a://b/c");
        Why(Java(jar) with { Files = [folder + "/*.csv"] }, "pattern");
        Why(Java(jar) with { Properties = With(("spark.yarn.jars", "hdfs:///spark/*")) }, "spark.yarn.jars");
        Why(Java(jar) with { Properties = With(("spark.yarn.archive", "hdfs:///spark.zip")) }, "hdfs:///spark.zip");
        Why(Java(jar) with { Arguments = [new string('x', 80_000)] }, "too long");
        Why(Java(jar) with { Cluster = new() { Master = "yarn" } }, "ResourceManager");
        Why(Java(jar) with { Installation = null }, "nodeSparkHome");
        Why(
            Python() with
            {
                Installation = null,
                Cluster = new()
                {
                    Master = "yarn",
                    ResourceManagers = ["http://rm:8088"],
                    NodeSparkHome = "/on/the/nodes",
                },
            },
            "Python libraries"
        );

        // A cluster with a file system of its own does not see this machine's files.
        File.WriteAllText(
            Path.Combine(folder, "core-site.xml"),
            "<configuration><property><name>fs.defaultFS</name><value>hdfs://nn:8020</value></property></configuration>"
        );
        var real = new SparkClusterOptions
        {
            Master = "yarn",
            ResourceManagers = ["http://rm:8088"],
            HadoopConfDir = folder,
        };
        Why(Java(jar) with { Cluster = real }, "uploaded to hdfs://nn:8020");
        Assert.True(YarnSubmission.Covers(Java("local:/opt/main.jar") with { Cluster = real }, out none), none);

        static void Why(SparkApplication application, string part)
        {
            Assert.False(YarnSubmission.Covers(application, out var why));
            Assert.Contains(part, why, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Faults_are_found_before_anything_is_sent()
    {
        var jar = Touch("main.jar");
        Assert.Null(YarnSubmission.Check(Java(jar)));
        Says(Java(folder + "/none.jar"), "there is no such file");
        Says(Java(folder), "a folder");
        Says(Java(jar) with { Files = [Touch("a/x"), Touch("b/x")] }, "under the same name, x");
        Says(Java(jar) with { Files = [Touch("a$(touch owned)")] }, "cannot handle this name");
        Says(Java(jar) with { Files = [jar + "#a\"b"] }, "cannot handle this name");
        Says(Java(jar) with { Properties = With(("spark.driver.memory", "lots")) }, "spark.driver.memory");
        Says(Java(jar) with { Environment = new Dictionary<string, string> { ["A B"] = "" } }, "no name of a variable");
        Says(Java(jar) with { Arguments = ["a\0"] }, "NUL");
        Says(Python() with { Environment = new Dictionary<string, string> { ["A"] = "$B" } }, "environment.A");
        Assert.Null(
            YarnSubmission.Check(Java(jar) with { Environment = new Dictionary<string, string> { ["A"] = "$B" } })
        );

        static void Says(SparkApplication application, string part)
        {
            var error = YarnSubmission.Check(application);
            Assert.NotNull(error);
            Assert.True(error.Permanent);
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string Text(JsonNode node, string name) => node[name]!.GetValue<string>();

    private static Dictionary<string, JsonNode> Resources(JsonObject body) =>
        body["am-container-spec"]!["local-resources"]!["entry"]!
            .AsArray()
            .ToDictionary(entry => Text(entry!, "key"), entry => entry!["value"]!);

    private static Dictionary<string, string> With(params (string Name, string Value)[] properties) =>
        properties
            .Append((SparkMark.Property, "0f8fad5b-d9cb-469f-a165-70867728950e/2"))
            .ToDictionary(p => p.Item1, p => p.Item2);

    private SparkApplication Python() =>
        Application(Touch("app.py")) with
        {
            IsPython = true,
            MainClass = null,
            Properties = With(("spark.driver.memory", "1g"), ("spark.driver.cores", "2")),
        };

    private SparkApplication Java(string jar) => Application(jar) with { MainClass = "example.Main" };

    private SparkApplication Application(string resource)
    {
        Touch("spark/python/lib/pyspark.zip");
        Touch("spark/python/lib/py4j-0.10.9-src.zip");
        return new SparkApplication
        {
            Attempt = new AttemptIdentity(
                Guid.CreateVersion7(),
                Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"),
                "nightly",
                "main",
                2
            ),
            Name = "nightly",
            ClusterName = "yarn",
            Cluster = new SparkClusterOptions { Master = "yarn", ResourceManagers = ["http://127.0.0.1:8088"] },
            Installation = new SparkInstallation("4.1", folder + "/spark", null, null, null),
            DeployMode = "cluster",
            Resource = resource,
            IsPython = false,
            Properties = With(),
        };
    }

    private string Touch(string name)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!File.Exists(path))
        {
            File.WriteAllText(path, name);
        }

        return path;
    }
}
