using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Sje.Jobs.Execution;

/// <summary>Where the files of users are.</summary>
public sealed class StorageOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "storage";

    /// <summary>Relative paths in jobs start here; the same place on every worker. Default: the folder the program was started in.</summary>
    [Required]
    public string Root { get; set; } = ".";

    /// <summary><see cref="Root"/>, absolute.</summary>
    public string FullRoot => Path.GetFullPath(Root);
}

/// <summary>Checks <see cref="StorageOptions"/> when the process starts.</summary>
[OptionsValidator]
internal sealed partial class StorageOptionsValidator : IValidateOptions<StorageOptions>;
