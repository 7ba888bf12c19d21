using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Tests.Unit.Jobs;

public class NoopTaskTypeTests
{
    [Theory]
    [InlineData("""{}""", "")]
    [InlineData("""{"waitMs": 250}""", "")]
    [InlineData("""{"waitMs": -1}""", "/noop/waitMs out_of_range")]
    [InlineData("""{"waitMs": 86400001}""", "/noop/waitMs out_of_range")]
    [InlineData("""{"waitMs": "long"}""", "/noop/waitMs wrong_type")]
    [InlineData("""{"wait": 5}""", "/noop/wait unknown_field")]
    public void Only_a_wait_of_at_most_a_day_is_taken(string settings, string faults) =>
        Assert.Equal(
            faults,
            string.Join(
                ' ',
                new NoopTaskType()
                    .Validate(JsonNode.Parse(settings)!.AsObject(), "/noop", [])
                    .Select(f => $"{f.Pointer} {f.Code}")
            )
        );
}
