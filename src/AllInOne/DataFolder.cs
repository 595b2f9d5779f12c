using System.CommandLine;
using System.Security.Cryptography;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.AllInOne;

/// <summary>The one folder that holds everything of an installation: secrets, databases, journals, models, logs.</summary>
public sealed class DataFolder
{
    /// <summary>The option that every verb has.</summary>
    public static Option<DirectoryInfo> Option { get; } = new("--data")
    {
        Description = "Folder of the installation.",
        DefaultValueFactory = _ => new DirectoryInfo(".data"),
        Recursive = true,
    };

    /// <summary>Names the folder; <see cref="Prepare"/> makes it.</summary>
    public DataFolder(DirectoryInfo folder) => Root = folder.FullName;

    public string Root { get; }

    /// <summary>Makes the folder if it is missing, and lets nobody but its owner enter it.</summary>
    public void Prepare()
    {
        MakePassable(Path.GetDirectoryName(Root));
        OwnerOnly.Folder(Root);
    }

    /// <summary>Written when everything runs: where the parts are. Mode 0600.</summary>
    public string EndpointsFile => At("endpoints.json");

    public string FirstKeyFile => At("first-key");

    public string FirstAdminFile => At("first-admin");

    /// <summary>Path of something inside.</summary>
    public string At(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>A folder inside, made if it is missing.</summary>
    public string Folder(params string[] parts) => OwnerOnly.Folder(At(parts));

    /// <summary>Path of a secret, made once from 32 random bytes in hex. Mode 0600.</summary>
    public string SecretFile(string name, string prefix = "")
    {
        var path = Path.Combine(Folder("secrets"), name);
        if (!File.Exists(path))
        {
            OwnerOnly.Write(path, prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)) + "\n");
        }

        return path;
    }

    /// <summary>Value of a secret; see <see cref="SecretFile"/>.</summary>
    public string Secret(string name, string prefix = "") => File.ReadAllText(SecretFile(name, prefix)).Trim();

    /// <summary>
    /// For a verb that writes into <paramref name="part"/> as root while the installation belongs to another user: what is written stays
    /// readable for that user, and belongs to it after <see cref="OwnersWriting.GiveAsync"/>. Nobody else can enter the data folder.
    /// </summary>
    public async Task<OwnersWriting> WriteForOwnerAsync(string part, CancellationToken cancellationToken) =>
        new(Folder(part), Environment.IsPrivilegedProcess ? await OwnerOnly.OwnerAsync(Root, cancellationToken) : null);

    /// <summary>Folders on the way that are missing are open to pass through: the servers' user has to reach what lies below.</summary>
    private static void MakePassable(string? path)
    {
        if (path is null || Directory.Exists(path))
        {
            return;
        }

        MakePassable(Path.GetDirectoryName(path));
        Directory.CreateDirectory(path);
        File.SetUnixFileMode(
            path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
    }
}

/// <summary>A time in which files are written for the owner of the data folder; see <see cref="DataFolder.WriteForOwnerAsync"/>.</summary>
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

    /// <summary>Gives the owner what was written.</summary>
    public Task GiveAsync(CancellationToken cancellationToken) =>
        _owner is null ? Task.CompletedTask : OwnerOnly.GiveAsync(_folder, _owner, cancellationToken);

    public void Dispose() => NewFiles.AreTheOwnersAlone();
}
