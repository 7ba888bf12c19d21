using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Sje.Core.Jobs;
using Sje.Tests.Support;

namespace Sje.Tests.Unit.Dialects;

/// <summary>Whatever a file of a dialect holds, the reader answers; and what it makes of a good one stays what it is.</summary>
public class DialectFuzzTests
{
    private static readonly string[] Odd =
    [
        "null",
        "true",
        "0",
        "-1",
        "1e400",
        "99999999999999999999",
        "[]",
        "{}",
        "[[]]",
        "\"\"",
        "\"x\"",
        "\"{{\"",
        "\"{{ parameters.x }}\"",
        "\"'\"",
        "\"a.b\"",
        "\"\\\\\"",
        "\"join\"",
        "\"delta\"",
        "[null]",
        "[{}]",
        "{\"x\": null}",
        "[\"x\", 5]",
        "{\"\": \"\"}",
        "{\"a/b~c\": [\"sum\"]}",
    ];

    private const string Graph = """
        {"name": "g", "pipeline": {"sources": [{"type": "file", "path": "a.csv", "options": {"header": "true"}}, {"type": "kafka", "name": "k", "bootstrapServers": "b", "topic": "t"}],
          "transformations": [{"id": "f", "type": "filter", "operation": "filter", "parameters": {"condition": "x > 1"}, "input": ["a"], "output": "o"},
            {"type": "join", "table": "k", "on": ["x"], "how": "left outer"}, {"type": "aggregate", "groupBy": ["x"], "aggregations": {"y": ["sum", "avg"]}},
            {"type": "withColumn", "name": "n", "expression": "1"}, {"type": "sort", "by": [{"column": "x", "desc": true}]}, {"type": "rename", "columns": {"x": "z"}}],
          "sinks": [{"type": "delta", "path": "p", "mode": "append", "partitionBy": ["z"]}]},
         "cluster": {"version": 4.1, "driver": {"cores": 1}}, "configuration": {"sparkConf": {"spark.a": 1}, "dependencies": ["x.jar"], "checkpointLocation": "c"},
         "schedule": {"type": "cron", "expression": "0 2 * * *"}, "monitoring": {"alerts": [], "sla": 30}}
        """;

    private static readonly JsonNode[] Good =
    [
        Example("active-users.json"),
        Example("spark-app.json"),
        JsonNode.Parse(Graph)!,
        Yaml("orders-by-customer.yaml"),
    ];

    [Fact]
    public void A_good_file_with_odd_values_anywhere_never_makes_the_reader_throw() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(4_000),
            Prop.ForAll(
                ArbMap.Default.ArbFor<int>(),
                seed =>
                {
                    var random = new Random(seed);
                    var file = Good[random.Next(Good.Length)].DeepClone();
                    for (var times = random.Next(1, 4); times > 0; times--)
                    {
                        Damage(file, random);
                    }

                    var text = file.ToJsonString();
                    var read = DialectReading.Read(text);
                    Assert.Equal(read.Failure == JobReadFailure.None, read.Spec is not null);
                    Assert.Equal(read.Spec is null, read.Faults.Count > 0);
                    Assert.All(read.Faults, fault => AssertPlace(file, fault));
                    if (read.Spec is { } job)
                    {
                        AssertStable(job);
                    }
                }
            )
        );

    [Fact]
    public void What_a_dialect_became_is_read_again_as_it_is()
    {
        foreach (var file in Good)
        {
            var read = DialectReading.Read(file.ToJsonString());
            Assert.NotNull(read.Spec);
            AssertStable(read.Spec);
        }
    }

    private static void AssertStable(JobSpec job)
    {
        var first = job.Canonical.ToJsonString();
        var again = DialectReading.Read(first);
        Assert.Empty(again.Faults);
        Assert.Null(again.Dialect);
        Assert.Equal(first, again.Spec!.Canonical.ToJsonString());
        Assert.Equal(first, DialectReading.Canonical(YamlText.Write(job.Canonical)).ToJsonString());
    }

    /// <summary>A fault stands at something that is in the file, or that is missing from something that is.</summary>
    private static void AssertPlace(JsonNode file, Fault fault)
    {
        var pointer = fault.Pointer;
        var parent = pointer.Length == 0 ? "" : pointer[..pointer.LastIndexOf('/')];
        Assert.True(
            Find(file, pointer) || Find(file, parent) || Find(file, parent[..Math.Max(0, parent.LastIndexOf('/'))]),
            $"{pointer}: {fault.Detail} in {file.ToJsonString()}"
        );
    }

    private static bool Find(JsonNode? node, string pointer)
    {
        foreach (var token in pointer.Split('/').Skip(1))
        {
            var name = token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            switch (node)
            {
                case JsonObject map when map.ContainsKey(name):
                    node = map[name];
                    break;
                case JsonArray list when int.TryParse(name, out var index) && index < list.Count:
                    node = list[index];
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    private static void Damage(JsonNode file, Random random)
    {
        var places = new List<(JsonNode Owner, object Key)>();
        Collect(file, places);
        if (places.Count == 0)
        {
            return;
        }

        var (owner, key) = places[random.Next(places.Count)];
        var value = JsonNode.Parse(Odd[random.Next(Odd.Length)]);
        switch (owner)
        {
            case JsonObject map when random.Next(4) == 0:
                map.Remove((string)key);
                break;
            case JsonObject map when random.Next(6) == 0:
                map[(string)key + "x"] = value;
                break;
            case JsonObject map:
                map[(string)key] = value;
                break;
            case JsonArray list when random.Next(4) == 0:
                list.Add(value);
                break;
            case JsonArray list:
                list[(int)key] = value;
                break;
            default:
                break;
        }
    }

    private static void Collect(JsonNode? node, List<(JsonNode, object)> places)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var (name, value) in map)
                {
                    places.Add((map, name));
                    Collect(value, places);
                }

                break;
            case JsonArray list:
                for (var index = 0; index < list.Count; index++)
                {
                    places.Add((list, index));
                    Collect(list[index], places);
                }

                break;
            default:
                break;
        }
    }

    private static JsonNode Example(string name) =>
        JsonNode.Parse(File.ReadAllText(RepositoryFiles.Path("examples", "dialects", name)))!;

    private static JsonNode Yaml(string name) =>
        DocumentReader
            .Read(File.ReadAllBytes(RepositoryFiles.Path("examples", "dialects", name)), JobFormat.Yaml, int.MaxValue)
            .Root!;
}
