using Sje.Jobs.Engines.Spark.Following;

namespace Sje.Tests.Unit.Engines.Spark.Following;

public sealed class EventLogFilesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-event-logs-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("local-1732600000000", "local-1732600000000")]
    [InlineData("local-1732600000000.inprogress", "local-1732600000000")]
    [InlineData("app-20261126-0001.zstd", "app-20261126-0001")]
    [InlineData("app-20261126-0001.lz4.inprogress", "app-20261126-0001")]
    [InlineData("spark-abc_1", "spark-ABC.1")]
    public void A_single_file_is_found_by_the_application(string file, string application)
    {
        File.WriteAllText(Path.Combine(folder, file), "");
        File.WriteAllText(Path.Combine(folder, "local-17326000000001"), "");

        Assert.Equal(Path.Combine(folder, file), EventLogFiles.Find(folder, application));
    }

    [Fact]
    public void The_last_attempt_is_taken_unless_one_is_asked_for()
    {
        foreach (var attempt in (string[])["1", "2", "10"])
        {
            Directory.CreateDirectory(Path.Combine(folder, $"eventlog_v2_application_1_0001_{attempt}"));
        }

        Directory.CreateDirectory(Path.Combine(folder, "eventlog_v2_application_1_00012_1"));

        Assert.EndsWith("application_1_0001_10", EventLogFiles.Find(folder, "application_1_0001"));
        Assert.EndsWith("application_1_0001_2", EventLogFiles.Find(folder, "application_1_0001", "2"));
        Assert.Null(EventLogFiles.Find(folder, "application_1_0001", "3"));
        Assert.Null(EventLogFiles.Find(folder, "application_1_0002"));
        Assert.Null(EventLogFiles.Find(Path.Combine(folder, "nowhere"), "application_1_0001"));
    }

    [Fact]
    public void Rolled_files_come_in_the_order_in_which_they_were_written()
    {
        foreach (var file in (string[])["events_2_a.zstd", "events_10_a", "events_1_a.zstd", "appstatus_a.inprogress"])
        {
            File.WriteAllText(Path.Combine(folder, file), "");
        }

        Assert.Equal(
            ["events_1_a.zstd", "events_2_a.zstd", "events_10_a"],
            EventLogFiles.InOrder(folder).Select(Path.GetFileName)
        );
    }

    [Fact]
    public void A_compacted_file_stands_for_all_before_it()
    {
        foreach (
            var file in (string[])
                ["events_1_a", "events_2_a", "events_3_a", "events_3_a.compact", "events_4_a", "events_5_a"]
        )
        {
            File.WriteAllText(Path.Combine(folder, file), "");
        }

        Assert.Equal(
            ["events_3_a.compact", "events_4_a", "events_5_a"],
            EventLogFiles.InOrder(folder).Select(Path.GetFileName)
        );
    }

    [Theory]
    [InlineData("/x/app-1", null)]
    [InlineData("/x/app-1.inprogress", null)]
    [InlineData("/x/app-1.zstd.inprogress", "zstd")]
    [InlineData("/x/events_1_app-1.lz4", "lz4")]
    [InlineData("/x/events_1_app-1.zstd.compact", "zstd")]
    public void The_codec_stands_in_the_name(string file, string? codec) =>
        Assert.Equal(codec, EventLogFiles.CodecOf(file));
}
