using System.Text;
using Sje.Jobs.Storage;

namespace Sje.Tests.Unit.Storage;

public class LineLevelsTests
{
    [Theory]
    [InlineData("24/01/15 12:00:00 ERROR SparkContext: Error initializing SparkContext.", LineLevel.Error)]
    [InlineData("24/01/15 12:00:00 WARN TaskSetManager: Lost task 0.0", LineLevel.Warn)]
    [InlineData("24/01/15 12:00:00 INFO DAGScheduler: no ERROR here", LineLevel.Info)]
    [InlineData("2024-01-15 12:00:00,123 [main] DEBUG o.a.h.Client - x", LineLevel.Debug)]
    [InlineData("[12:00:00 ERR] Unhandled", LineLevel.Error)]
    [InlineData("[12:00:00 INF] Started", LineLevel.Info)]
    [InlineData("[12:00:00 WRN] Slow", LineLevel.Warn)]
    [InlineData("[12:00:00 FTL] Gone", LineLevel.Error)]
    [InlineData("\u001b[31mERROR\u001b[0m red", LineLevel.Error)]
    [InlineData("\u001b[1;33mWARNING\u001b[0m: yellow", LineLevel.Warn)]
    [InlineData("ERROR:root:boom", LineLevel.Error)]
    [InlineData("WARNING:py.warnings:old", LineLevel.Warn)]
    [InlineData("CRITICAL:root:boom", LineLevel.Error)]
    [InlineData("Traceback (most recent call last):", LineLevel.Error)]
    [InlineData("ValueError: bad", LineLevel.Error)]
    [InlineData("java.lang.IllegalStateException: no", LineLevel.Error)]
    [InlineData("org.apache.spark.SparkException", LineLevel.Error)]
    [InlineData("Caused by: java.io.IOException: x", LineLevel.Error)]
    [InlineData("Exception in thread \"main\" x", LineLevel.Error)]
    [InlineData("fail: Microsoft.Hosting[0]", LineLevel.Error)]
    [InlineData("info: Microsoft.Hosting[0]", LineLevel.Info)]
    [InlineData("warn: Microsoft.Hosting[0]", LineLevel.Warn)]
    [InlineData("dbug: Microsoft.Hosting[0]", LineLevel.Debug)]
    [InlineData("main.c:3:5: error: expected ';'", LineLevel.Error)]
    [InlineData("main.c:3:5: warning: unused", LineLevel.Warn)]
    [InlineData("npm ERR! code 1", LineLevel.Error)]
    [InlineData("time=2024-01-15 level=error msg=x", LineLevel.Error)]
    [InlineData("{\"time\":1,\"level\":\"warning\",\"msg\":\"x\"}", LineLevel.Warn)]
    [InlineData("{\"@t\":\"2024\",\"@l\":\"Error\"}", LineLevel.Error)]
    [InlineData("{\"severity\": \"INFO\"}", LineLevel.Info)]
    [InlineData("SEVERE: x", LineLevel.Error)]
    [InlineData("", null)]
    [InlineData("just text", null)]
    [InlineData("no errors found", null)]
    [InlineData("ERRORS 3", null)]
    [InlineData("MY_ERROR 3", null)]
    [InlineData("0 error(s)", null)]
    [InlineData("    at Foo.BarException(Program.cs:3)", null)]
    [InlineData("ERR 3", null)]
    [InlineData("warned: x", null)]
    [InlineData("Information about things", null)]
    public void The_level_of_a_line_is_what_its_logger_wrote(string text, LineLevel? level)
    {
        Assert.Equal(level, LineLevels.Of(text));
        Assert.Equal(level, LineLevels.Of(Encoding.UTF8.GetBytes(text)));
    }

    [Theory]
    [InlineData(250, LineLevel.Error)]
    [InlineData(251, null)]
    public void Only_the_start_of_a_line_is_looked_at(int before, LineLevel? level)
    {
        Assert.Equal(level, LineLevels.Of(new string('.', before) + " ERROR"));
        Assert.Equal(
            LineLevels.Of(Encoding.UTF8.GetBytes(new string('é', before) + " ERROR")),
            LineLevels.Of(new string('é', before) + " ERROR")
        );
    }

    [Fact]
    public void Bytes_of_any_kind_have_a_level_or_none()
    {
        var random = new Random(7);
        for (var i = 0; i < 5_000; i++)
        {
            var bytes = new byte[random.Next(300)];
            random.NextBytes(bytes);
            for (var at = 0; at < bytes.Length; at++)
            {
                bytes[at] = random.Next(3) == 0 ? bytes[at] : (byte)"\u001b[;: ERO=\"levl"[random.Next(14)];
            }

            LineLevels.Of(bytes);
        }
    }
}
