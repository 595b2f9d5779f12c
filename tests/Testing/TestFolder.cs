namespace Tollgate.Testing;

/// <summary>Folders of this test process, removed when it ends.</summary>
public static class TestFolder
{
    private static readonly string Root = CreateRoot();

    /// <summary>A new empty folder.</summary>
    public static string Create(string name) => Directory.CreateDirectory(Path.Combine(Root, $"{name}-{Guid.NewGuid():N}")).FullName;

    private static string CreateRoot()
    {
        var root = Directory.CreateTempSubdirectory("tollgate-test-").FullName;

        // As under /var/lib: users that parts give up root's rights for may pass through, and see nothing.
        File.SetUnixFileMode(
            root,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Remove(root);
        return root;
    }

    private static void Remove(string root)
    {
        try
        {
            Directory.Delete(root, recursive: true);
        }
        catch (IOException exception)
        {
            Console.Error.WriteLine($"{root} could not be removed: {exception.Message}");
        }
    }
}
