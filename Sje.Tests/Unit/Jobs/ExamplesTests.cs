using Sje.Core.Dialects;
using Sje.Core.Jobs;
using Sje.Jobs.Engines;
using Sje.Tests.Support;

namespace Sje.Tests.Unit.Jobs;

/// <summary>The job files that are shown to newcomers.</summary>
public class ExamplesTests
{
    public static TheoryData<string> Files() =>
        [
            .. Directory
                .EnumerateFiles(RepositoryFiles.Path("examples"), "*.yaml", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(RepositoryFiles.Path("examples"), file)),
        ];

    [Theory]
    [MemberData(nameof(Files))]
    public void The_example_can_be_read(string file)
    {
        var read = new JobReader(BuiltInEngines.Types(), JobDialects.All).Read(
            File.ReadAllBytes(RepositoryFiles.Path("examples", file))
        );

        Assert.Empty(read.Faults);
    }
}
