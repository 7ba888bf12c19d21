using Sje.Core.Jobs;

namespace Sje.Tests.Unit.Jobs;

public class QuantityTextTests
{
    [Theory]
    [InlineData("500ms", 0.5, "500ms")]
    [InlineData("90s", 90, "1m30s")]
    [InlineData("15m", 900, "15m")]
    [InlineData("1h30m", 5400, "1h30m")]
    [InlineData("1m5ms", 60.005, "1m5ms")]
    [InlineData("2d", 172800, "2d")]
    [InlineData("0s", 0, "0s")]
    [InlineData("3650d", 315360000, "3650d")]
    public void A_length_of_time_is_read_and_written_back(string text, double seconds, string again)
    {
        Assert.True(DurationText.TryParse(text, out var duration));
        Assert.Equal(seconds, duration.TotalSeconds);
        Assert.Equal(again, DurationText.Format(duration));
    }

    [Theory]
    [InlineData("1GiB", 1L << 30, "1GiB")]
    [InlineData("512MiB", 512L << 20, "512MiB")]
    [InlineData("2g", 2L << 30, "2GiB")]
    [InlineData("2Gi", 2L << 30, "2GiB")]
    [InlineData("1024m", 1L << 30, "1GiB")]
    [InlineData("1.5 GiB", 3L << 29, "1536MiB")]
    [InlineData("2GB", 2_000_000_000, "1953125KiB")]
    [InlineData("1kb", 1000, "1000")]
    [InlineData("100b", 100, "100")]
    [InlineData("0", 0, "0")]
    [InlineData("1024t", 1L << 50, "1024TiB")]
    public void An_amount_of_memory_is_read_and_written_back(string text, long bytes, string again)
    {
        Assert.True(SizeText.TryParse(text, out var size));
        Assert.Equal(bytes, size);
        Assert.Equal(again, SizeText.Format(size));
        Assert.True(SizeText.TryParse(again, out size));
        Assert.Equal(bytes, size);
    }

    [Theory]
    [InlineData("retyr", "retry")]
    [InlineData("max_attempts", "maxAttempts")]
    [InlineData("Name", "name")]
    [InlineData("x", null)]
    [InlineData("completely", null)]
    public void A_near_name_is_found_and_a_far_one_not(string word, string? name) =>
        Assert.Equal(name, NearName.Find(word, ["name", "retry", "maxAttempts", "queue"]));
}
