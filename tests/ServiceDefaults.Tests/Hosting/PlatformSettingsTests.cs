using Microsoft.Extensions.Configuration;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.ServiceDefaults.Tests.Hosting;

public sealed class PlatformSettingsTests
{
    private readonly string _folder = TestFolder.Create("settings");

    [Fact]
    public void Numbered_settings_are_one_list_in_the_order_of_their_numbers()
    {
        var read = PlatformSettings.Read(["--Proxies:Trusted:0=10.0.0.1", "--Proxies:Trusted:1=10.0.0.2", "--Proxies:Other=x"]);

        Assert.Equal(["10.0.0.1", "10.0.0.2"], PlatformSettings.SplitList(read["Proxies:Trusted"]));
        Assert.Equal("x", read["Proxies:Other"]);
    }

    [Fact]
    public void A_list_and_one_value_of_its_name_are_refused_by_both_names()
    {
        var refusal = Assert.Throws<InvalidOperationException>(
            () => PlatformSettings.Read(["--Proxies:Trusted=10.0.0.1", "--Proxies:Trusted:0=10.0.0.2"]));

        Assert.Equal("Proxies:Trusted and Proxies:Trusted:0 are both set. Keep one of them.", refusal.Message);
    }

    [Fact]
    public void A_file_keeps_its_inner_lines_and_loses_the_line_ends_behind_them()
    {
        var file = Path.Combine(_folder, "bearers");
        File.WriteAllText(file, "first\nsecond\r\n\n");

        Assert.Equal("first\nsecond", PlatformSettings.Read([$"--Cluster:Bearers_FILE={file}"])["Cluster:Bearers"]);
    }

    [Fact]
    public void An_empty_path_of_a_file_is_no_setting_and_leaves_the_value_beside_it()
    {
        var read = PlatformSettings.Read(["--Mail:SmtpPassword_FILE=", "--Mail:SmtpPassword=x"]);

        Assert.Equal("x", read["Mail:SmtpPassword"]);
        Assert.Null(read["Mail:SmtpPassword_FILE"]);
    }

    [Fact]
    public void A_file_wins_over_an_empty_value_of_its_name()
    {
        var file = Path.Combine(_folder, "password");
        File.WriteAllText(file, "from the file");

        Assert.Equal(
            "from the file", PlatformSettings.Read([$"--Mail:SmtpPassword_FILE={file}", "--Mail:SmtpPassword="])["Mail:SmtpPassword"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ,\t\r\n, ")]
    public void SplitList_finds_nothing_between_blanks_and_commas(string? value) => Assert.Empty(PlatformSettings.SplitList(value));

    [Fact]
    public void SplitList_takes_commas_blanks_and_line_ends() =>
        Assert.Equal(["a", "b", "c", "d"], PlatformSettings.SplitList("a,b c\r\nd,"));

    [Fact]
    public void ReadAddresses_gives_each_one_slash_at_its_end()
    {
        var read = PlatformSettings.Read(["--Worker:Urls=http://a:1 https://b/path/"]);

        Assert.Equal(["http://a:1/", "https://b/path/"], read.ReadAddresses("Worker:Urls").Select(url => url.AbsoluteUri));
    }

    [Theory]
    [InlineData("a:1")]
    [InlineData("ftp://a:1")]
    [InlineData("/path")]
    public void ReadAddresses_refuses_what_is_no_http_address_by_the_settings_name(string text)
    {
        var read = PlatformSettings.Read([$"--Worker:Urls=http://a:1,{text}"]);

        var refusal = Assert.Throws<InvalidOperationException>(() => read.ReadAddresses("Worker:Urls"));

        Assert.Contains("Worker:Urls", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"'{text}'", refusal.Message, StringComparison.Ordinal);
    }
}
