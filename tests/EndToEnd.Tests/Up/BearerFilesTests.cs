using Tollgate.AllInOne.Up;
using Tollgate.Cli.Data;
using Tollgate.ServiceDefaults.ServiceAuthentication;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Up;

/// <summary>The bearer files that <c>up</c> makes for its services.</summary>
public sealed class BearerFilesTests
{
    private readonly DataFolder _data = new(new DirectoryInfo(TestFolder.Create("bearers")));

    [Fact]
    public void Ensure_makes_a_file_for_each_service_that_its_owner_alone_can_read_and_keeps_it()
    {
        BearerFiles.Ensure(_data);
        var made = Read();
        BearerFiles.Ensure(_data);

        Assert.True(ServiceBearers.AreComplete(made.ToDictionary(file => file.Key, file => ServiceBearers.Parse(file.Value))));
        Assert.Equal(made, Read());
        Assert.All(ServiceCall.Services, service => Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(BearerFiles.PathOf(_data, service))));
    }

    [Theory]
    [InlineData(null)] // The file is gone.
    [InlineData("")]
    [InlineData("send billing 00\n")]
    public void Ensure_changes_every_bearer_when_one_file_cannot_serve(string? damaged)
    {
        BearerFiles.Ensure(_data);
        var before = Read();
        var path = BearerFiles.PathOf(_data, "gateway");
        File.Delete(path);
        if (damaged is not null)
        {
            File.WriteAllText(path, damaged);
        }

        BearerFiles.Ensure(_data);

        var after = Read();
        Assert.True(ServiceBearers.AreComplete(after.ToDictionary(file => file.Key, file => ServiceBearers.Parse(file.Value))));
        Assert.All(ServiceCall.Services, service => Assert.NotEqual(before[service], after[service]));
    }

    private Dictionary<string, string> Read() =>
        ServiceCall.Services.ToDictionary(service => service, service => File.ReadAllText(BearerFiles.PathOf(_data, service)));
}
