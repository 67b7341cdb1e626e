# SPDX-License-Identifier: GPL-2.0-only
# For exercises that need a system call or an open file: perl -MGuest -e '…'
package Guest;
use strict;
use warnings;
use Exporter 'import';
use POSIX ();
our @EXPORT = qw(accepted bpf control hold opened said);

# The number of a system call on x86-64 or arm64.
sub number { return (POSIX::uname())[4] eq 'x86_64' ? $_[0] : $_[1] }

# opened PATH: a file handle for reading and writing.
sub opened {
	open my $file, '+<', $_[0] or die "$_[0]: $!\n";
	binmode $file;
	select((select($file), $| = 1)[0]);
	return $file;
}

# control FILE, REQUEST, ARGUMENT: ioctl(2); what it left in the argument.
sub control {
	my ($file, $request, $argument) = @_;
	defined ioctl $file, $request, $argument or die sprintf "ioctl %#x: %s\n", $request, $!;
	return $argument;
}

# bpf TYPE: the file of a loaded eBPF program that returns 0 (bpf(2); types of linux/bpf.h).
sub bpf {
	my $code = pack 'CCsl' x 2, 0xb7, 0, 0, 0, 0x95, 0, 0, 0;
	my $licence = "GPL\0";
	my $attributes = pack 'LLQQLLQLLa16LL', $_[0], 2, unpack('Q', pack 'P', $code),
		unpack('Q', pack 'P', $licence), 0, 0, 0, 0, 0, '', 0, 0;
	my $file = syscall number(321, 280), 5, $attributes, length $attributes;
	die "bpf: $!\n" if $file < 0;
	return $file;
}

# accepted SOCKET: accept4(2) without an address, which sockets of AF_ALG have not.
sub accepted {
	my $file = syscall number(288, 242), fileno $_[0], 0, 0, 0;
	die "accept: $!\n" if $file < 0;
	open my $socket, '+<&=', $file or die "accept: $!\n";
	binmode $socket;
	return $socket;
}

# said FILE, LENGTH: what comes next; dies at the end of the file.
sub said {
	my ($file, $length) = @_;
	sysread($file, my $bytes, $length) or die 'nothing was said: ' . ($! || 'end of file') . "\n";
	return $bytes;
}

# hold FILE, CODE: leaves a process behind that has all open files, runs CODE and then sleeps until
# it is told by letgo FILE to end. This process ends.
sub hold {
	my ($name, $code) = @_;
	my $pid = fork // die "fork: $!\n";
	if ($pid) {
		open my $file, '>', $name or die "$name: $!\n";
		print $file "$pid\n";
		close $file or die "$name: $!\n";
		POSIX::_exit(0);
	}
	POSIX::setsid();
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', '/dev/null';
	open STDERR, '>', '/dev/null';
	$code->() if $code;
	sleep 600 while 1;
}

1;
