using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.ServiceDefaults.Tests.Hosting;

public sealed class FileLockTests
{
    private readonly string _path = Path.Combine(TestFolder.Create("lock"), "lock");

    [Fact]
    public void TryTake_gives_the_lock_to_one_at_a_time()
    {
        using var first = FileLock.TryTake(_path);
        using var second = FileLock.TryTake(_path);

        Assert.NotNull(first);
        Assert.Null(second);
    }

    [Fact]
    public void TryTake_gives_it_again_after_it_was_freed_and_keeps_the_file()
    {
        FileLock.TryTake(_path)!.Dispose();

        using var again = FileLock.TryTake(_path);

        Assert.NotNull(again);
        Assert.True(File.Exists(_path));
    }

    [Fact]
    public void TryTake_tells_a_lock_that_another_holds_from_a_file_that_cannot_be_made() =>
        Assert.ThrowsAny<IOException>(() => FileLock.TryTake(Path.Combine(_path, "in", "no", "folder")));
}
