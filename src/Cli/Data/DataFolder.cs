using System.CommandLine;
using System.Security.Cryptography;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Cli.Data;

/// <summary>The folder with everything of an installation: secrets, databases, journals, models, logs.</summary>
public sealed class DataFolder
{
    /// <summary>The option that every command has.</summary>
    public static Option<DirectoryInfo> Option { get; } = new("--data")
    {
        Description = "Folder of the installation.",
        DefaultValueFactory = _ => new DirectoryInfo(".data"),
        Recursive = true,
    };

    /// <summary>Names the folder without creating it; see <see cref="Prepare"/>.</summary>
    public DataFolder(DirectoryInfo folder) => Root = folder.FullName;

    /// <summary>The folder that <see cref="Option"/> names.</summary>
    public static DataFolder Of(ParseResult parsed) => new(parsed.GetRequiredValue(Option));

    public string Root { get; }

    /// <summary>Creates the folder if it is missing, and makes it accessible only to its owner.</summary>
    public void Prepare()
    {
        MakePassable(Path.GetDirectoryName(Root));
        OwnerOnly.Folder(Root);
    }

    /// <summary>File with the addresses of a running installation. Written when everything runs, with mode 0600.</summary>
    public string EndpointsFile => At("endpoints.json");

    public string FirstKeyFile => At("first-key");

    public string FirstAdminFile => At("first-admin");

    /// <summary>Returns a path inside the folder.</summary>
    public string At(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>Returns a folder inside, which is created if it is missing.</summary>
    public string Folder(params string[] parts) => OwnerOnly.Folder(At(parts));

    /// <summary>Returns the path of a secret, which is created once from 32 random bytes in hex with mode 0600.</summary>
    public string SecretFile(string name, string prefix = "")
    {
        var path = Path.Combine(Folder("secrets"), name);
        if (!File.Exists(path))
        {
            OwnerOnly.Write(path, prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)) + "\n");
        }

        return path;
    }

    /// <summary>Returns the value of a secret; see <see cref="SecretFile"/>.</summary>
    public string Secret(string name, string prefix = "") => File.ReadAllText(SecretFile(name, prefix)).Trim();

    /// <summary>
    /// Starts writing into <paramref name="part"/> for the owner of the installation, for a command that runs as root. Until disposal, new
    /// files are readable for that user; <see cref="OwnersWriting.GiveAsync"/> then gives them to it. Other users cannot enter the data
    /// folder.
    /// </summary>
    public async Task<OwnersWriting> WriteForOwnerAsync(string part, CancellationToken cancellationToken) =>
        new(Folder(part), Environment.IsPrivilegedProcess ? await OwnerOnly.OwnerAsync(Root, cancellationToken) : null);

    /// <summary>
    /// Creates missing parent folders that every user can pass through, because the servers' users must reach the folders below.
    /// </summary>
    private static void MakePassable(string? path)
    {
        if (path is null || Directory.Exists(path))
        {
            return;
        }

        MakePassable(Path.GetDirectoryName(path));
        Directory.CreateDirectory(path);
        File.SetUnixFileMode(
            path,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
    }
}

/// <summary>Period in which files are written for the owner of the data folder; see <see cref="DataFolder.WriteForOwnerAsync"/>.</summary>
public sealed class OwnersWriting : IDisposable
{
    private readonly string _folder;
    private readonly string? _owner;

    internal OwnersWriting(string folder, string? owner)
    {
        (_folder, _owner) = (folder, owner);
        if (owner is not null)
        {
            NewFiles.AreReadable();
        }
    }

    /// <summary>Gives the written files to the owner.</summary>
    public Task GiveAsync(CancellationToken cancellationToken) =>
        _owner is null ? Task.CompletedTask : OwnerOnly.GiveAsync(_folder, _owner, cancellationToken);

    public void Dispose() => NewFiles.AreTheOwnersAlone();
}
