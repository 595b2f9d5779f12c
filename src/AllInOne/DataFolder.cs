using System.CommandLine;
using System.Security.Cryptography;
using System.Text;

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

    /// <summary>Makes the folder if it is missing; only its owner may enter it, but for servers that give up root's rights.</summary>
    public DataFolder(DirectoryInfo folder)
    {
        Root = folder.FullName;
        Directory.CreateDirectory(Root);
    }

    public string Root { get; }

    /// <summary>Written when everything runs: where the parts are. Mode 0600.</summary>
    public string EndpointsFile => At("endpoints.json");

    public string FirstKeyFile => At("first-key");

    public string FirstAdminFile => At("first-admin");

    /// <summary>Path of something inside.</summary>
    public string At(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>A folder inside, made if it is missing.</summary>
    public string Folder(params string[] parts) => Directory.CreateDirectory(At(parts)).FullName;

    /// <summary>Path of a secret, made once from 32 random bytes in hex. Mode 0600.</summary>
    public string SecretFile(string name, string prefix = "")
    {
        var path = Path.Combine(Folder("secrets"), name);
        if (!File.Exists(path))
        {
            WritePrivate(path, prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)) + "\n");
        }

        return path;
    }

    /// <summary>Value of a secret; see <see cref="SecretFile"/>.</summary>
    public string Secret(string name, string prefix = "") => File.ReadAllText(SecretFile(name, prefix)).Trim();

    /// <summary>Replaces a file that only its owner may read. A kill leaves the old one or the new one.</summary>
    public static void WritePrivate(string path, string text)
    {
        using (var file = new FileStream(path + ".new", new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
        }

        File.Move(path + ".new", path, overwrite: true);
    }
}
