using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines;

namespace Sje.Tests.Unit.Pipelines;

public class PipelineTaskTypeTests
{
    private const string Source =
        """{"id": "a", "type": "source.csv", "params": {"path": "a.csv", "columns": {"id": "int32", "name": "string"}}}""";
    private const string Sink =
        """{"id": "z", "type": "sink.csv", "params": {"path": "z.csv"}, "inputs": {"in": "b"}}""";

    [Theory]
    [InlineData(
        """{"id": "b", "type": "fliter", "params": {}, "inputs": {"in": "a"}}""",
        "/pipeline/nodes/1/type",
        "unknown_component",
        "Did you mean 'filter'?"
    )]
    [InlineData(
        """{"id": "b", "type": "filter", "params": {"condition": "id > 1", "kepNull": true}, "inputs": {"in": "a"}}""",
        "/pipeline/nodes/1/params/kepNull",
        "unknown_field",
        "Did you mean 'keepNull'?"
    )]
    [InlineData(
        """{"id": "b", "type": "filter", "inputs": {"in": "a"}}""",
        "/pipeline/nodes/1/params/condition",
        "required",
        "filter needs condition"
    )]
    [InlineData(
        """{"id": "b", "type": "limit", "params": {"n": "ten"}, "inputs": {"in": "a"}}""",
        "/pipeline/nodes/1/params/n",
        "wrong_type",
        "a whole number"
    )]
    [InlineData(
        """{"id": "b", "type": "filter", "params": {"condition": "id > 1"}}""",
        "/pipeline/nodes/1/inputs/in",
        "required",
        "needs an input at port in"
    )]
    [InlineData(
        """{"id": "b", "type": "filter", "params": {"condition": "id > 1"}, "inputs": {"inn": "a"}}""",
        "/pipeline/nodes/1/inputs/inn",
        "unknown_port",
        "no port inn"
    )]
    [InlineData(
        """{"id": "b", "type": "filter", "params": {"condition": "id > 1"}, "inputs": {"in": "aa"}}""",
        "/pipeline/nodes/1/inputs/in",
        "unknown_node",
        "Did you mean 'a'?"
    )]
    [InlineData(
        """{"id": "b", "type": "filter", "params": {"condition": "idd > 1"}, "inputs": {"in": "a"}}""",
        "/pipeline/nodes/1/params/condition",
        "unknown_column",
        "Did you mean 'id'?"
    )]
    [InlineData(
        """{"id": "b", "type": "filter", "params": {"condition": "name > 1"}, "inputs": {"in": "a"}}""",
        "/pipeline/nodes/1/params/condition",
        "wrong_type",
        "> does not take (string, int32)"
    )]
    [InlineData(
        """{"id": "b", "type": "filter", "params": {"condition": "id > "}, "inputs": {"in": "a"}}""",
        "/pipeline/nodes/1/params/condition",
        "expression",
        "found the end"
    )]
    [InlineData(
        """{"id": "b", "type": "filter", "params": {"condition": "soundex(name) = 'x'"}, "inputs": {"in": "a"}}""",
        "/pipeline/nodes/1/params/condition",
        "unknown_function",
        "no function soundex"
    )]
    [InlineData(
        """{"id": "b", "type": "filter", "params": {"condition": "id > {{ parameters.least }}"}, "inputs": {"in": "a"}}""",
        "/pipeline/nodes/1/params/condition",
        "unknown_parameter",
        "no parameter least"
    )]
    [InlineData(
        """{"id": "b", "type": "filter", "params": {"condition": "id > {{ parameters.word }}"}, "inputs": {"in": "a"}}""",
        "/pipeline/nodes/1/params/condition",
        "wrong_type",
        "(int32, string)"
    )]
    [InlineData(
        """{"id": "A", "type": "filter", "params": {"condition": "id > 1"}, "inputs": {"in": "a"}}""",
        "/pipeline/nodes/1/id",
        "duplicate_name",
        "another node is named A"
    )]
    [InlineData(
        """{"id": "b", "type": "union", "inputs": {"x": "a", "y": "b"}}""",
        "/pipeline/nodes/1",
        "cycle",
        "form a cycle"
    )]
    public void A_fault_points_at_its_node_and_field(string node, string pointer, string code, string says)
    {
        var faults = Validate($"[{Source}, {node}, {Sink}]");

        var fault = Assert.Single(faults, f => f.Pointer == pointer && f.Code == code);
        Assert.Contains(says, fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pipeline_without_a_sink_would_do_nothing_and_is_refused() =>
        Assert.Equal("no_sink", Assert.Single(Validate($"[{Source}]")).Code);

    [Fact]
    public void All_faults_are_reported_at_once() =>
        Assert.Equal(
            [
                "/pipeline/nodes/0/params/where",
                "/pipeline/nodes/0/inputs/in",
                "/pipeline/nodes/0/params/condition",
                "/pipeline/nodes/1/type",
            ],
            Validate("""[{"id": "b", "type": "filter", "params": {"where": 1}}, {"id": "c", "type": "nothing"}]""")
                .Select(f => f.Pointer)
                .OrderBy(p =>
                    p.EndsWith("where", StringComparison.Ordinal) ? 0
                    : p.EndsWith("in", StringComparison.Ordinal) ? 1
                    : p.EndsWith("condition", StringComparison.Ordinal) ? 2
                    : 3
                )
        );

    private static List<Fault> Validate(string nodes) =>
        [
            .. new PipelineTaskType().Validate(
                new JsonObject { ["nodes"] = JsonNode.Parse(nodes) },
                "/pipeline",
                [new JobParameter { Name = "word", Type = "string" }]
            ),
        ];
}
