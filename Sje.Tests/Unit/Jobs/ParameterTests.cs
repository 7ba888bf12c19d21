using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Tests.Unit.Jobs;

public class ParameterTests
{
    private static readonly JobSpec Job = Reading.Good(
        """
        type: noop
        parameters:
          limit: {type: int, default: 60}
          day: {type: date, required: true}
          note: {type: string}
          bare: 5
        """
    );

    [Fact]
    public void Given_values_are_converted_and_the_rest_has_its_default()
    {
        var bound = ParameterBinder.Bind(Job, new JsonObject { ["day"] = "2024-05-01", ["limit"] = "7" });
        Assert.Empty(bound.Faults);
        Assert.Equal("""{"limit":7,"day":"2024-05-01","note":null,"bare":5}""", bound.Values.ToJsonString());
    }

    [Fact]
    public void Every_fault_of_the_given_values_is_told()
    {
        var bound = ParameterBinder.Bind(
            Job,
            new JsonObject
            {
                ["limit"] = "many",
                ["Note"] = "x",
                ["bare"] = new JsonArray(),
            }
        );
        Assert.Equal(
            [
                "/parameters/limit invalid_value",
                "/parameters/day required",
                "/parameters/bare invalid_value",
                "/parameters/Note unknown_parameter",
            ],
            bound.Faults.Select(f => $"{f.Pointer} {f.Code}")
        );
        Assert.Contains("Did you mean 'note'?", bound.Faults[3].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_default_answers_the_demand_for_a_value()
    {
        var job = Reading.Good("type: noop\nparameters: {day: {type: date, required: true, default: 2024-05-01}}");
        Assert.False(job.Parameters[0].Required);
        Assert.Equal("""{"day":"2024-05-01"}""", ParameterBinder.Bind(job, []).Values.ToJsonString());
    }

    [Fact]
    public void Null_is_not_given() =>
        Assert.Equal(
            "/parameters/day required",
            ParameterBinder
                .Bind(Job, new JsonObject { ["day"] = null, ["limit"] = null })
                .Faults.Select(f => $"{f.Pointer} {f.Code}")
                .Single()
        );

    [Fact]
    public void Defaults_are_copied_so_that_executions_do_not_share_them()
    {
        var job = Reading.Good("""{"type": "noop", "parameters": {"a": [1]}}""");
        ParameterBinder.Bind(job, []).Values["a"]!.AsArray().Add(2);
        Assert.Equal("[1]", job.Parameters[0].Default!.ToJsonString());
    }

    [Theory]
    [InlineData("string", "\"x\"", "\"x\"")]
    [InlineData("string", "5", null)]
    [InlineData("int", "5", "5")]
    [InlineData("int", "5.0", "5")]
    [InlineData("int", "\"-5\"", "-5")]
    [InlineData("int", "\" 5 \"", "5")]
    [InlineData("int", "9223372036854775807", "9223372036854775807")]
    [InlineData("int", "9223372036854775808", null)]
    [InlineData("int", "5.5", null)]
    [InlineData("int", "\"\"", null)]
    [InlineData("int", "\"0x10\"", null)]
    [InlineData("int", "true", null)]
    [InlineData("double", "1.50", "1.50")]
    [InlineData("double", "\"1.5e3\"", "1.5e3")]
    [InlineData("double", "\"NaN\"", null)]
    [InlineData("double", "\"Infinity\"", null)]
    [InlineData("double", "\"1e999\"", null)]
    [InlineData("double", "\"1,5\"", null)]
    [InlineData("boolean", "true", "true")]
    [InlineData("boolean", "\"False\"", "false")]
    [InlineData("boolean", "\"yes\"", null)]
    [InlineData("boolean", "1", null)]
    [InlineData("date", "\"2024-02-29\"", "\"2024-02-29\"")]
    [InlineData("date", "\"2023-02-29\"", null)]
    [InlineData("date", "\"2024-2-9\"", null)]
    [InlineData("date", "20240229", null)]
    [InlineData("timestamp", "\"2024-05-01T06:00:00Z\"", "\"2024-05-01T06:00:00Z\"")]
    [InlineData("timestamp", "\"2024-05-01t06:00:00.123456+02:00\"", "\"2024-05-01T04:00:00.123456Z\"")]
    [InlineData("timestamp", "\"2024-05-01 06:00:00\"", "\"2024-05-01T06:00:00Z\"")]
    [InlineData("timestamp", "\"2024-05-01\"", null)]
    [InlineData("timestamp", "\"2024-05-01T25:00:00Z\"", null)]
    [InlineData("timestamp", "\"0001-01-01T00:00:00+14:00\"", null)]
    [InlineData("json", "{\"a\":[1]}", "{\"a\":[1]}")]
    public void A_value_is_converted_to_its_type_or_refused(string type, string given, string? expected)
    {
        var fits = ParameterValue.TryConvert(type, JsonNode.Parse(given), out var value, out var wanted);
        Assert.Equal(expected is not null, fits);
        if (fits)
        {
            Assert.Equal(expected, value!.ToJsonString());
        }
        else
        {
            Assert.NotEmpty(wanted);
        }
    }

    [Theory]
    [InlineData("5", "int")]
    [InlineData("5.0", "double")]
    [InlineData("123456789012345678901", "double")]
    [InlineData("\"5\"", "string")]
    [InlineData("true", "boolean")]
    [InlineData("[5]", "json")]
    [InlineData("{\"a\": 5}", "json")]
    [InlineData("null", "json")]
    public void A_bare_value_tells_its_type(string value, string type) =>
        Assert.Equal(
            type,
            Reading.Good($"{{\"type\": \"noop\", \"parameters\": {{\"p\": {value}}}}}").Parameters.Single().Type
        );
}
