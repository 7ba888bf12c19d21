using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Tests.Unit.Jobs;

public class TemplateTests
{
    private static readonly TemplateScope Scope = new(
        JsonNode
            .Parse(
                """
                {
                  "parameters": {"day": "2024-05-01", "limit": 60, "ratio": 1.50, "dry": true, "nothing": null, "where": {"city": "Köln", "tags": ["a+b"]}},
                  "execution": {"id": "0190", "scheduledFor": "2024-05-01T06:00:00Z"},
                  "tasks": {"load v1.2": {"outputs": {"rows": 7}}, "outputs": {"outputs": {"outputs": "x"}}}
                }
                """
            )!
            .AsObject()
    );

    [Theory]
    [InlineData("no braces", "no braces")]
    [InlineData("", "")]
    [InlineData("{{ parameters.day }}", "2024-05-01")]
    [InlineData("{{parameters.day}}", "2024-05-01")]
    [InlineData("a{{   parameters.limit   }}b{{ parameters.dry }}c", "a60btruec")]
    [InlineData("{{ parameters.ratio }}", "1.50")]
    [InlineData("<{{ parameters.nothing }}>", "<>")]
    [InlineData("{{ parameters.where }}", """{"city":"Köln","tags":["a+b"]}""")]
    [InlineData("{{ parameters.where.city }}", "Köln")]
    [InlineData("{{ tasks.load v1.2.outputs.rows }}", "7")]
    [InlineData("{{ tasks.outputs.outputs.outputs }}", "x")]
    [InlineData("{{ execution.id }} {{ execution.scheduledFor }}", "0190 2024-05-01T06:00:00Z")]
    [InlineData("} }} {x} { {", "} }} {x} { {")]
    [InlineData("{{{ parameters.limit }}}", null)]
    [InlineData("{{ parameters.day }}}}", "2024-05-01}}")]
    public void A_reference_becomes_the_text_of_its_value(string text, string? expected)
    {
        if (expected is null)
        {
            Assert.Throws<TemplateException>(() => Template.Render(text, Scope));
        }
        else
        {
            Assert.Equal(expected, Template.Render(text, Scope));
        }
    }

    [Theory]
    [InlineData("{{", 1)]
    [InlineData("ab {{ parameters.day", 4)]
    [InlineData("{{ }}", 1)]
    [InlineData("{{ {{ parameters.day }}", 1)]
    [InlineData("x{{ parameters }}", 2)]
    [InlineData("{{ parameters. }}", 1)]
    [InlineData("{{ parameters.a + 1 }}", 1)]
    [InlineData("{{ parameters..a }}", 1)]
    [InlineData("{{ parameters.1a }}", 1)]
    [InlineData("{{ execution.secret }}", 1)]
    [InlineData("{{ env.HOME }}", 1)]
    [InlineData("{{ tasks.a.rows }}", 1)]
    [InlineData("{{ tasks..outputs.rows }}", 1)]
    [InlineData("{{ tasks.a.outputs }}", 1)]
    public void What_is_no_template_is_an_error_with_its_column(string text, int column)
    {
        var error = Assert.Single(Template.Parse(text).Errors);
        Assert.Equal(column, error.Position);
        Assert.Throws<TemplateException>(() => Template.Render(text, Scope));
    }

    [Fact]
    public void Parts_tell_text_from_references_so_that_a_compiler_can_bind_values()
    {
        var parts = Template.Parse("delay >= {{ parameters.minDelay }} and x").Parts;
        Assert.Equal(3, parts.Count);
        Assert.Equal(new TemplateText("delay >= "), parts[0]);
        var reference = Assert.IsType<TemplateReference>(parts[1]);
        Assert.Equal(["parameters", "minDelay"], reference.Path);
        Assert.Equal(10, reference.Position);
        Assert.Equal(new TemplateText(" and x"), parts[2]);
    }

    [Theory]
    [InlineData("{{ parameters.other }}", "parameters.other")]
    [InlineData("{{ tasks.load v1.2.outputs.columns }}", "'load v1.2' has put out no 'columns'")]
    [InlineData("{{ parameters.day.x }}", "parameters.day.x")]
    public void A_value_that_is_not_there_is_an_error_not_an_empty_text(string text, string named)
    {
        var error = Assert.Throws<TemplateException>(() => Template.Render(text, Scope));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_whole_tree_is_rendered_and_the_original_left_alone()
    {
        var tree = JsonNode.Parse(
            """{"{{ key }}": ["{{ parameters.limit }}", 1.0, null, {"a": "x{{ parameters.dry }}"}]}"""
        )!;
        var before = tree.ToJsonString();
        var rendered = Template.RenderAll(tree, Scope)!;
        Assert.Equal("""{"{{ key }}":["60",1.0,null,{"a":"xtrue"}]}""", rendered.ToJsonString());
        Assert.Equal(before, tree.ToJsonString());
        Assert.Null(Template.RenderAll(null, Scope));
    }

    [Fact]
    public void In_data_a_text_that_is_one_reference_becomes_the_value_itself()
    {
        var tree = JsonNode.Parse(
            """["{{ parameters.limit }}", " {{parameters.dry}} ", "{{ parameters.nothing }}", {"a": "{{ parameters.where }}"}, "{{ parameters.limit }}{{ parameters.limit }}", "x{{ parameters.ratio }}", "plain", 7, null]"""
        )!;
        var filled = Template.FillAll(tree, Scope)!;
        var expected = JsonNode.Parse(
            """[60, true, null, {"a": {"city": "Köln", "tags": ["a+b"]}}, "6060", "x1.50", "plain", 7, null]"""
        );
        Assert.True(JsonNode.DeepEquals(expected, filled), filled.ToJsonString());
        filled[3]!["a"]!["city"] = "elsewhere";
        Assert.Equal("Köln", Scope.Find("parameters.where.city")!.GetValue<string>());
        Assert.Throws<TemplateException>(() => Template.FillAll("{{ parameters.other }}", Scope));
        Assert.Throws<TemplateException>(() => Template.FillAll("{{ parameters.limit", Scope));
    }

    [Fact]
    public void A_value_is_never_read_as_a_template_again()
    {
        var scope = new TemplateScope(JsonNode.Parse("""{"parameters": {"a": "{{ execution.id }}"}}""")!.AsObject());
        Assert.Equal("{{ execution.id }}", Template.Render("{{ parameters.a }}", scope));
    }
}
